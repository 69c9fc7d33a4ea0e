# shellcheck shell=sh disable=SC2015
# Prints what is known of services that get a sandbox: whether they are there and run, and who loosens them.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
settings='Private[A-Za-z]+|Protect[A-Za-z]+|Restrict[A-Za-z]+|NoNewPrivileges|LockPersonality|MemoryDenyWriteExecute|SystemCall[A-Z][a-z]+|[A-Za-z]+Capabilities|CapabilityBoundingSet|Device[A-Z][a-z]+|IPAddressDeny|RemoveIPC|UMask|KeyringMode'
nothing='no|false|off|0|~|auto|0000|inherit|shared|'
known() { # unit...: those that the host has
    # By its own name alone: Debian's rtpengine.service is another name of rtpengine-daemon.service, and of two drop-ins
    # of ours around one service each would seem to undo the other.
    known=" $(systemctl list-unit-files --no-legend --no-pager -- "$@" 2>/dev/null |
        while read -r unit state _; do [ "$state" = alias ] || printf '%s ' "$unit"; done)"
}
service() { # number unit drop-in key...: drop-in is ours, or empty where its own file says all
    number=$1 unit=$2 ours=$3
    shift 3
    keys=$(printf '|%s' "$@")
    case $known in *" $unit "*) ;; *) return 0 ;; esac
    printf 'there %s\n' "$number"
    case $unit in
    *@.service) running=$(systemctl list-units --no-legend --no-pager --plain -- "${unit%.service}*.service" | cut -d' ' -f1) ;;
    *) running=$unit ;;
    esac
    for one in $running; do instance "$number" "$one"; done
}
instance() { # number unit
    asked=ActiveState,MainPID,ExecMainStartTimestamp,NeedDaemonReload,DropInPaths
    active='' stale='' pid='' began='' dropped='' newest=0
    while IFS='=' read -r key value; do
        case $key in
        ActiveState) active=$value ;;
        NeedDaemonReload) stale=$value ;;
        MainPID) pid=$value ;;
        ExecMainStartTimestamp) began=${value#@} ;;
        DropInPaths) dropped=$value ;;
        esac
    done <<END
$(systemctl show --timestamp=unix -p "$asked" -- "$2")
END
    for path in $dropped /etc/systemd/system/"$2".d /run/systemd/system/"$2".d \
        /etc/systemd/system/"$unit".d /run/systemd/system/"$unit".d; do
        [ -e "$path" ] && changed=$(stat -c %Z -- "$path" 2>/dev/null) || changed=0
        [ "$changed" -le "$newest" ] || newest=$changed
        [ -f "$path" ] && loosens "$1" "$path"
    done
    privileges=$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
    case $began in '' | *[!0-9]*) began=0 ;; esac
    printf 'instance %s %s %s %s %s %s %s\n' "$1" "$2" "$active" "$stale" "$began" "$newest" "${privileges:--}"
}
loosens() { # number path: lines of an administrator's drop-in that are read after ours and say otherwise
    case $2 in /etc/* | /run/* | /usr/local/*) ;; *) return 0 ;; esac
    [ "$2" != "$ours" ] || return 0
    if [ -n "$ours" ]; then
        [ "$(printf '%s\n' "${ours##*/}" "${2##*/}" | sort | tail -n 1)" = "${2##*/}" ] || return 0
    fi
    pattern="^[[:space:]]*(${keys#|})[[:space:]]*=|^[[:space:]]*($settings)[[:space:]]*=[[:space:]]*($nothing)[[:space:]]*$"
    # A command with full privileges goes with the line that takes the unit's own away.
    ! grep -qE '^[[:space:]]*Exec[A-Za-z]*[[:space:]]*=[[:space:]]*[@:-]*[+!]' "$2" || pattern="$pattern|^[[:space:]]*Exec[A-Za-z]*[[:space:]]*="
    grep -nE "$pattern" "$2" |
        while IFS=: read -r line rest; do printf 'loosens %s %s %s\n' "$1" "$(coded "$2")" "$line"; done
    return 0
}
written() { # name: every drop-in of ours
    for path in /etc/systemd/system/*.service.d/"$1"; do
        [ ! -f "$path" ] || printf 'written %s\n' "$(coded "$path")"
    done
}
printf 'ringfence-sandboxes\n'
