# shellcheck shell=sh
# Restarts and reloads units so that the next run can see, with seconds as resolution, that they are fresh.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
settle() { # path...: wait until the second of their last change is over
    for path; do
        shift
        [ ! -e "$path" ] || set -- "$@" "$path"
    done
    [ $# -gt 0 ] || return 0
    changed=0 now=$(date +%s)
    for second in $(stat -c %Z -- "$@"); do
        # A change in the future (the clock was set back) would stay newer than any start.
        if [ "$second" -gt $((now + 1)) ]; then
            touch -c -r "$1" -- "$1"
            second=$(date +%s)
        fi
        [ "$second" -le "$changed" ] || changed=$second
        shift
    done
    while [ "$changed" -ge "$(date +%s)" ]; do sleep 0.1; done
}
act() { # verb unit
    # For ringfence rollback, in a run that keeps the host's state.
    [ ! -e /var/lib/ringfence/states/open ] || sh /var/lib/ringfence/states/states acted "$1" "$2" || exit 1
    systemctl "$1" -- "$2" && return
    systemctl status --no-pager --full --lines=10 -- "$2" >&2
    printf 'ringfence: systemctl %s %s failed\n' "$1" "$2" >&2
    exit 1
}
start_anew() { # unit of Type=oneshot: a run that has begun already began with what was there before
    while [ "$(systemctl show -p ActiveState --value -- "$1")" = activating ]; do sleep 0.5; done
    act start "$1"
}
ready() { # unit command...: wait until the command succeeds; as long as a busy host may need
    unit=$1 limit=60 began=$(date +%s)
    shift
    until "$@" >/dev/null 2>&1 </dev/null; do
        if [ "$(($(date +%s) - began))" -ge "$limit" ]; then
            printf 'ringfence: %s does not answer after %s seconds\n' "$unit" "$limit" >&2
            exit 1
        fi
        sleep 0.5
    done
}
