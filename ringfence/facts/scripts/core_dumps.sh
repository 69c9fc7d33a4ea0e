# shellcheck shell=sh disable=SC2015,SC2086
# Prints what may leave its memory on the disk when it dies (core(5)). Texts are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
processes() { # those whose hard limit is above 0; systemd itself and the kernel's threads are not asked
    left=24
    while pids=$(above_0) && being_started $pids && [ $((left -= 1)) -gt 0 ]; do sleep 0.5; done
    for pid in $pids; do echo "process $pid"; done
}
above_0() {
    find /proc/[0-9]*/exe -maxdepth 0 -lname '?*' -printf '%h/limits\0' 2>/dev/null |
        xargs -0r grep -sH '^Max core file size' |
        awk '{ split($1, path, "/") } path[3] != 1 && $6 != "0" { print path[3] }'
}
being_started() { # pids: whether systemd is about to execute one, which has systemd's own limit until then
    for pid; do
        read -r state 2>/dev/null <"/proc/$pid/stat" || continue
        name=${state#*\(} rest=${state##*) }
        case ${rest#* } in "1 "*) ;; *) continue ;; esac
        # Called by the service in parentheses, after systemd-executor, or by the number of a descriptor.
        case ${name%)*} in "("* | systemd-executo*) return 0 ;; *[!0-9]*) ;; *) return 0 ;; esac
    done
    return 1
}
services() { # those that systemd would start with a limit above 0
    systemctl show --all -p Id -p LoadState -p LimitCORE '*.service' | awk -v RS= '
        /(^|\n)LoadState=loaded(\n|$)/ && !/(^|\n)LimitCORE=0(\n|$)/ && match($0, /(^|\n)Id=[^\n]*/) {
            id = substr($0, RSTART, RLENGTH); sub(/^\n?Id=/, "", id); print "service", id }'
}
sessions() { # our file: lines of others that give sessions a limit above 0 (limits.conf(5))
    for path in /etc/security/limits.conf /etc/security/limits.d/*.conf; do
        [ -f "$path" ] && [ "$path" != "$1" ] || continue
        awk '$1 !~ /^#/ && $3 == "core" && $4 != "0" && $2 != "soft" { print NR }' "$path" | while read -r number; do
            printf 'line %s %s\n' "$(coded "$path")" "$number"
        done
    done
}
printf 'ringfence-core-dumps\n'
