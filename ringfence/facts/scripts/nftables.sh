# shellcheck shell=sh disable=SC2015,SC2016
# Prints what the kernel filters by, what the boot would load, and by which address this run came in.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
part() { # name: what standard input holds, without line breaks
    printf '%s ' "$1"
    base64 -w0
    printf '\n'
}
ruleset() { # path of the file that is loaded at boot
    command -v nft >/dev/null || return 0
    nft -s list ruleset 2>/dev/null | part running
    # In a network namespace of its own the file is loaded as at boot, and nobody sees its rules.
    unshare --net sh -c 'nft -f "$1" && nft -s list ruleset' sh "$1" 2>/dev/null | part loaded
}
operator() {
    # sudo clears the environment, so the connection that this run came in by is found in an ancestor's.
    process=$$ came=
    while [ -z "$came" ] && [ "${process:-0}" -gt 1 ]; do
        came=$(tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p' | head -n 1)
        process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
    done
    # shellcheck disable=SC2086 # four words: client's address and port, server's address and port
    set -- $came
    # Not the client's port, which differs each time.
    [ -z "$came" ] || printf 'operator %s %s\n' "$1" "$4"
}
forwarding() { # the kernel's switches of forwarding that are on
    for family in ipv4 ipv6; do
        for switch in "/proc/sys/net/$family/conf/"*/forwarding; do
            [ -r "$switch" ] || continue
            printf 'forwarding %s %s\n' "$switch" "$(cat "$switch")"
        done
    done
}
listeners() {
    # protocol, address:port, process id; a process of this host's kernel has none.
    ss -Htulpn | while read -r protocol _ _ _ local _ users; do
        pid=$(printf '%s' "$users" | sed -n 's/^[^=]*pid=\([0-9]*\).*/\1/p')
        name=$(printf '%s' "$users" | sed -n 's/^users:(("\([^"]*\)".*/\1/p' | tr ' ' '_')
        unit=$(sed -n 's/^.*:.*\/\([^/]*\.service\)$/\1/p' "/proc/${pid:-0}/cgroup" 2>/dev/null | tail -n 1)
        printf 'listener %s %s %s %s\n' "$protocol" "$local" "${name:-?}" "${unit:-?}"
    done
}
printf 'ringfence-nftables\n'
