#!/bin/bash
# A lock-out, and the way back: a change after which sshd of the lab's agent1 admits nobody.
# The host puts itself back, in under two minutes. Needs a lab that runs and was applied.
set -euo pipefail
cd "$(dirname "$0")/../.."
site=inventories/lab host=agent1

# A house with one more role, whose change is wrong.
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT
cp -R roles templates deploys "$house"
mkdir "$house/tests"
cp -R tests/baseline tests/sabotage "$house/tests"
cp -R tests/integration/faulty_role/roles "$house"
cp tests/integration/faulty_role/faults/nobody.sh "$house/fault.sh"
echo 'faulty: [all]' >> "$house/roles/roles.yml"

printf '$ ringfence apply %s --limit %s   # after this change sshd admits nobody\n' $site $host
status=0
RINGFENCE_HOUSE=$house ringfence apply $site --limit $host --role faulty --no-verify || status=$?
if [ "$status" != 1 ]; then
    echo "lockout: expected exit code 1, got $status" >&2
    exit 1
fi
printf '$ ringfence guard status %s --limit %s\n' $site $host
ringfence guard status $site --limit $host
printf '$ ringfence verify %s --limit %s\n' $site $host
ringfence verify $site --limit $host
echo "Locked out and back in $SECONDS seconds."
