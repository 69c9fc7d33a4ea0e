# shellcheck shell=sh
# Refuses a staged /etc/sudoers that visudo refuses, or by which the account that Ringfence logs in as would not be
# root without a password. Both are asked in a mount namespace of its own, where the staged file lies in its place
# and where of /etc/sudoers.d only the files that stay are there: one that goes may be what is wrong. Arguments: the
# staged file, the account, the names that stay. What it prints is the reason.
umask 022
stage=$1 account=$2
shift 2
covers=$(mktemp -d /run/ringfence-sudo.XXXXXX) || exit 1
trap 'rm -rf -- "$covers"' EXIT
mkdir -m 0755 -- "$covers/rules"
for name; do
    if [ -f "/etc/sudoers.d/$name" ]; then cp -a -- "/etc/sudoers.d/$name" "$covers/rules/"; fi
done
install -m 0440 -- "$stage" "$covers/sudoers"
: >"$covers/sudo.conf" # visudo takes a regular file alone
# shellcheck disable=SC2016 # the inner shell's own arguments
said=$(unshare --mount sh -c '
    mount --bind -- "$1/sudoers" /etc/sudoers && mount --bind -- "$1/rules" /etc/sudoers.d &&
        { [ ! -f /etc/sudo.conf ] || mount --bind -- "$1/sudo.conf" /etc/sudo.conf; } || exit 1
    visudo -c || exit 8
    [ "$(id -u -- "$2")" = 0 ] || runuser -u "$2" -- sudo -n true || exit 9
' sh "$covers" "$account" 2>&1 </dev/null)
case $? in
0) exit 0 ;;
8) printf '%s\n' "$said" ;;
9) printf 'Ringfence logs in as %s, and by these rules sudo answers: %s\n' "$account" "$said" ;;
*) printf 'the rules cannot be tried before they count: %s\n' "$said" ;;
esac
exit 1
