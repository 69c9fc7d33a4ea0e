# shellcheck shell=sh disable=SC2154
# Prints what the manager says about units, the newest change of files, and the titles of main processes.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
changed() { # number path
    [ -e "$2" ] || [ -L "$2" ] && second=$(stat -c %Z -- "$2" 2>/dev/null) || second=absent
    printf 'changed %s %s\n' "$1" "$second"
}
title() { # number unit
    pid=$(systemctl show --property=MainPID --value -- "$2" 2>/dev/null)
    printf 'title %s %s\n' "$1" "$(tr '\0' ' ' <"/proc/${pid:-0}/cmdline" 2>/dev/null | base64 -w0)"
}
succeeds() { # number command...
    number=$1
    shift
    if "$@" >/dev/null 2>&1 </dev/null; then
        printf 'succeeds %s yes\n' "$number"
    else
        printf 'succeeds %s no\n' "$number"
    fi
}
resting() { # without the time that a reload of Debian 12's manager gives to all units that don't run
    awk 'BEGIN { RS = ""; ORS = "\n\n" }
        /(^|\n)ActiveState=(inactive|failed)(\n|$)/ { sub(/StateChangeTimestamp=[^\n]*/, "StateChangeTimestamp=") }
        { print }'
}
units() { # unit...
    systemctl show --timestamp=unix --property="$properties" -- "$@" 2>/dev/null | resting
    printf 'end\n'
}
printf 'ringfence-services\n'
