# shellcheck shell=sh disable=SC2015,SC2086
# Takes the right to leave a core dump away. Needs the functions of tree.sh.
services_without() { # unit...: by the drop-in for all of them, once no drop-in of their own says otherwise
    systemctl daemon-reload || fail "systemd doesn't read its units again"
    changed=
    for unit; do
        [ "$(systemctl show -p LimitCORE --value -- "$unit")" != 0 ] || continue
        for path in $(systemctl show -p DropInPaths --value -- "$unit"); do
            case $path in /etc/* | /run/*) ;; *) continue ;; esac
            numbers=$(sed -n '/^[[:space:]]*LimitCORE[[:space:]]*=/{/=[[:space:]]*0[[:space:]]*$/!=}' "$path")
            [ -n "$numbers" ] || continue
            silence_drop_in "$path" $numbers
            changed=yes
        done
    done
    [ -z "$changed" ] || systemctl daemon-reload || fail "systemd doesn't read its units again"
    for unit; do
        [ "$(systemctl show -p LimitCORE --value -- "$unit")" = 0 ] ||
            fail "cannot take core dumps from $unit: a drop-in of its package sets LimitCORE"
    done
    printf 'limited %s services\n' "$#"
}
as_its_user() { # pid: root of a container may lack CAP_SYS_RESOURCE; a process's own user needs none (prlimit(2))
    read -r _ uid effective _ <<END
$(grep '^Uid:' "/proc/$1/status" 2>/dev/null)
END
    gid=$(sed -n 's/^Gid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [ -n "$uid" ] && [ -n "$gid" ] || return 1
    # A program that is root for another, such as the sudo of this very session, ends with its session.
    [ "$uid" = "$effective" ] || return 0
    setpriv --reuid "$uid" --regid "$gid" --clear-groups prlimit --pid "$1" --core=0:0 2>/dev/null
}
processes_without() { # pid...: also for those that run; one that is gone meanwhile needs nothing
    for pid; do
        prlimit --pid "$pid" --core=0:0 2>/dev/null || as_its_user "$pid" || [ ! -d "/proc/$pid" ] ||
            fail "cannot limit the core dumps of the process $pid"
    done
    printf 'limited %s processes\n' "$#"
}
