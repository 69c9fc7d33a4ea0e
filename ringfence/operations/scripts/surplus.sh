# shellcheck shell=sh
# Removes packages, with the functions of packages.sh; stops units or starts them again, with those of tree.sh.
remove_package() { # package: and nothing with it
    goes=$(apt --simulate remove -- "$1" | sed -n 's/^Remv \([^ :]*\).*/\1/p') || fail "apt-get cannot remove $1"
    if [ "$goes" != "$1" ]; then
        printf 'ringfence: %s stays: with it would go %s\n' "$1" "$(printf '%s' "$goes" | tr '\n' ' ')" >&2
        return
    fi
    apt remove -- "$1" || fail "apt-get cannot remove $1"
    printf 'removed %s, which the host has no use for; its configuration stays\n' "$1"
}
stop_unit() { # unit; one that stands in a package's place gives it back
    file=$(systemctl show -p FragmentPath --value -- "$1") packaged=/usr/lib/systemd/system/$1
    # Debian 12 calls the same file /lib/systemd/system/….
    if [ -f "$packaged" ] && [ "$(realpath -- "$file")" != "$(realpath -- "$packaged")" ]; then
        remove "$file"
        start_again "$1"
        return
    fi
    systemctl disable --quiet -- "$1" 2>/dev/null
    # An instance stays enabled by its link when its template has no [Install].
    systemctl stop -- "$1" || fail "$1 doesn't stop"
    printf 'stopped %s, which nobody declared\n' "$1"
}
start_again() { # unit...: if they run, as their packages made them
    systemctl daemon-reload || fail "systemd does not read its units again"
    for unit; do
        systemctl try-restart -- "$unit" || fail "$unit doesn't start"
    done
}
