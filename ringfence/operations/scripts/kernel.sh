# shellcheck shell=sh disable=SC2015
# Tells the kernel what it must do. Needs the functions of tree.sh.
unload() { # module
    why=$(modprobe -r -- "$1" 2>&1) ||
        fail "cannot unload $1 (${why##*: }): reboot the host, or declare it in kernel.modules if it is needed"
    printf 'unloaded %s\n' "$1"
}
set_value() { # path value
    printf '%s\n' "$2" >"$1" || fail "cannot set $1 to $2"
    printf 'set %s to %s\n' "$1" "$2"
}
read_sysctl_conf() {
    ln -sfn ../sysctl.conf /etc/sysctl.d/99-sysctl.conf || fail "cannot have /etc/sysctl.conf read at boot"
    printf 'has /etc/sysctl.conf read at boot again\n'
}
refuse_routes() { # interface...
    fail "the IPv6 default route of $* is a router's advertisement: give the host a fixed one, or its group in kernel.router_advertisements"
}
