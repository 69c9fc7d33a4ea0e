# shellcheck shell=sh disable=SC2015,SC2086
# Takes the right to leave a core dump away. Needs the functions of tree.sh.
dumping() { # unit...: those that systemd would start with a limit above 0, each with its drop-ins
    shown=$(systemctl show -p Id -p LimitCORE -p DropInPaths -- "$@") || fail "systemd says nothing of its services"
    printf '%s\n' "$shown" | awk -v RS= '
        !/(^|\n)LimitCORE=0(\n|$)/ {
            unit = paths = ""
            count = split($0, lines, "\n")
            for (i = 1; i <= count; i++) {
                if (sub(/^Id=/, "", lines[i])) unit = lines[i]
                else if (sub(/^DropInPaths=/, "", lines[i])) paths = lines[i]
            }
            print unit, paths
        }'
}
services_without() { # unit...: by the drop-in for all of them, once no drop-in of their own says otherwise
    systemctl daemon-reload || fail "systemd doesn't read its units again"
    found=$(dumping "$@") || exit 1
    while read -r _ paths <&3; do
        for path in $paths; do
            case $path in /etc/* | /run/*) ;; *) continue ;; esac
            numbers=$(sed -n '/^[[:space:]]*LimitCORE[[:space:]]*=/{/=[[:space:]]*0[[:space:]]*$/!=}' "$path")
            [ -z "$numbers" ] || silence_drop_in "$path" $numbers
        done
    done 3<<END
$found
END
    if [ -n "$found" ]; then
        systemctl daemon-reload || fail "systemd doesn't read its units again"
        left=$(dumping "$@") || exit 1
        [ -z "$left" ] ||
            fail "cannot take core dumps from ${left%% *}: a drop-in of its package sets LimitCORE"
    fi
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
