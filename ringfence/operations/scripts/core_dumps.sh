# shellcheck shell=sh disable=SC2015
# Takes the right to leave a core dump away. Needs the functions of tree.sh and kernel.sh.
services_without() { # unit...: by the drop-in for all of them, or one of its own that comes after all others
    systemctl daemon-reload || fail "systemd doesn't read its units again"
    own=0
    for unit; do
        [ "$(systemctl show -p LimitCORE --value -- "$unit")" != 0 ] || continue
        folder=/etc/systemd/system/$unit.d own=$((own + 1))
        mkdir -p "$folder" && chmod 0755 "$folder" || fail "cannot make $folder"
        printf '# Written by Ringfence.\n[Service]\nLimitCORE=0\n' >"$folder/zzz-ringfence-core.conf" &&
            chmod 0644 "$folder/zzz-ringfence-core.conf" || fail "cannot write into $folder"
    done
    [ "$own" = 0 ] || systemctl daemon-reload || fail "systemd doesn't read its units again"
    printf 'limited %s services\n' "$#"
}
as_its_user() { # pid: root of a container may lack CAP_SYS_RESOURCE; a process's own user needs none (prlimit(2))
    setpriv --reuid "$(stat -c %u "/proc/$1")" --regid "$(stat -c %g "/proc/$1")" --clear-groups \
        prlimit --pid "$1" --core=0:0 2>/dev/null
}
processes_without() { # pid...: also for those that run; one that is gone meanwhile needs nothing
    for pid; do
        prlimit --pid "$pid" --core=0:0 2>/dev/null || as_its_user "$pid" || [ ! -d "/proc/$pid" ] ||
            fail "cannot limit the core dumps of the process $pid"
    done
    printf 'limited %s processes\n' "$#"
}
