#!/bin/bash
# From nothing to a hardened lab and its report: red, apply, green, nothing left to change, reboot, green;
# then who listened to a recording, a service that fails, a lock-out and the way back.
set -euo pipefail
cd "$(dirname "$0")/../.."
site=inventories/lab

step() { printf '\n== %s (after %s seconds)\n' "$*" "$SECONDS"; }

expect() {
    local wanted=$1 status=0
    shift
    printf '$ %s\n' "$*"
    "$@" || status=$?
    if [ "$status" != "$wanted" ]; then
        printf 'demo: expected exit code %s, got %s from: %s\n' "$wanted" "$status" "$*" >&2
        exit 1
    fi
}

# What a host sends is there in a moment; an answer without it is asked for again, for some minutes.
expect_word() {
    local word=$1 tries=0
    shift
    printf '$ %s\n' "$*"
    until "$@" >"$answer" 2>&1 && grep -q "$word" "$answer"; do
        if [ $((tries += 1)) = 200 ]; then
            cat "$answer"
            printf 'demo: nothing of "%s" from: %s\n' "$word" "$*" >&2
            exit 1
        fi
        sleep 2
    done
    grep -B 3 -A 3 "$word" "$answer"
}
answer=$(mktemp) nowhere=$(mktemp -d)
trap 'rm -rf "$answer" "$nowhere"' EXIT

step "Build and start the lab: two machines with kernels of their own, three containers"
expect 0 ringfence lab up $site
expect 0 ringfence lab reset $site
rm -f $site/.lab/inbox/* # what hosts told in a demo before
# With the key by which the lab is reached its secrets are opened too; a lab that was thrown away takes
# its authority with it. Neither is for version control.
export RINGFENCE_IDENTITY=$PWD/$site/.lab/id_ed25519
step "The site's own authority, which certifies its hosts; its key is among the site's secrets"
if ! { [ -e $site/pki/authority.pem ] && ringfence secrets show $site >/dev/null 2>&1; }; then
    rm -rf $site/pki $site/secrets.yml.age $site/secrets.recipients
    expect 0 ringfence secrets add-recipient $site --owner ana "$RINGFENCE_IDENTITY.pub"
    expect 0 ringfence pki init $site
fi
step "A stock host is red"
expect 1 ringfence verify $site
step "Apply the baseline; it ends with a verification, which is green"
expect 0 ringfence apply $site
step "A second run has nothing to change"
expect 0 ringfence plan $site
step "The hosts stay green when they are rebooted"
expect 0 ringfence lab reboot $site
expect 0 ringfence verify $site
step "Somebody listens to a recording; the collector tells who, when, which file"
recording=/srv/recordings/call-00017.wav
expect 0 ringfence lab ssh $site recordings1 \
    "echo sound | sudo tee $recording >/dev/null && sudo cat $recording >/dev/null"
expect_word allowed ringfence access-record $site --limit recordings1 --path $recording
step "The archive's last links are kept on another host, and all of it is read again"
rm -rf $site/archive # the key of a lab that was thrown away
expect 0 ringfence logs trust $site
expect 0 ringfence logs anchor $site
expect 0 ringfence logs verify $site --runs "$nowhere" # earlier runs saw archives of labs that are gone
step "What keeps a host's time fails; people are told, by mail and in their chat"
expect 0 ringfence lab ssh $site agent1 sudo systemctl kill --signal KILL chrony.service
expect_word 'chrony.service failed' ringfence lab inbox $site
expect 0 ringfence lab ssh $site agent1 sudo systemctl start chrony.service
step "A change that locks us out: the host puts itself back"
inventories/lab/lockout.sh
step "Done. The report is named above; stop the lab with: ringfence lab down $site"
