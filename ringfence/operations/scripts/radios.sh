# shellcheck shell=sh disable=SC2015
# Turns radios off, and hides the addresses of wireless cards. Needs the functions of tree.sh.
take_down() { # interface
    [ -z "$(ip route show default dev "$1"; ip -6 route show default dev "$1")" ] ||
        fail "$1 carries the host's default route: declare the host's group in system.wireless, or use a cable"
    ip link set dev "$1" down || fail "cannot turn $1 off"
    printf 'turned %s off\n' "$1"
}
block() { # switch of rfkill
    printf '1\n' >"/sys/class/rfkill/$1/soft" || fail "cannot block $1"
    printf 'blocked %s\n' "$1"
}
read_networks() {
    systemctl --quiet is-active NetworkManager.service 2>/dev/null || return 0
    sleep 1 # a reload in the second of a change seems older than it
    systemctl reload NetworkManager.service && nmcli connection reload || fail "NetworkManager does not read its files again"
    printf 'NetworkManager reads its files again\n'
}
