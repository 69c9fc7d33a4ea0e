# shellcheck shell=sh
# Refuses a staged /etc/sudoers by which the account that Ringfence logs in as would not be root without
# a password. sudo itself answers, in a mount namespace of its own where the staged file lies in its
# place and where of /etc/sudoers.d only the files that stay are there. Arguments: the staged file, the
# account, the names that stay. What it prints is the reason.
umask 022
stage=$1 account=$2
shift 2
[ "$(id -u -- "$account")" != 0 ] || exit 0
covers=$(mktemp -d /run/ringfence-sudo.XXXXXX) || exit 1
trap 'rm -rf -- "$covers"' EXIT
mkdir -m 0755 -- "$covers/rules"
for name; do
    if [ -f "/etc/sudoers.d/$name" ]; then cp -a -- "/etc/sudoers.d/$name" "$covers/rules/"; fi
done
install -m 0440 -- "$stage" "$covers/sudoers"
# shellcheck disable=SC2016 # the inner shell's own arguments
said=$(unshare --mount sh -c '
    mount --bind -- "$1/sudoers" /etc/sudoers && mount --bind -- "$1/rules" /etc/sudoers.d &&
        { [ ! -f /etc/sudo.conf ] || mount --bind /dev/null /etc/sudo.conf; } &&
        runuser -u "$2" -- sudo -n true
' sh "$covers" "$account" 2>&1 </dev/null) || {
    printf 'Ringfence logs in as %s, and by these rules sudo answers: %s\n' "$account" "$said"
    exit 1
}
