# shellcheck shell=sh
# Turns radios off. Needs the functions of tree.sh.
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
