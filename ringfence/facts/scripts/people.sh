# shellcheck shell=sh disable=SC2015
# Prints in what the accounts of this host differ from the register: of people, of those who left, of
# the system, and of strangers. Ringfence's own notes, a file an account, lie in $notes.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
notes=/var/lib/ringfence/accounts newline='
'
note() { # name key
    [ -r "$notes/$1" ] || return 0
    while IFS='=' read -r key value; do
        [ "$key" != "$2" ] || { printf '%s\n' "$value" && return; }
    done <"$notes/$1"
}
field() { # database name number: of the first entry with that name, as the system reads it
    part "$(getent "$1" -- "$2")" "$3"
    printf '%s\n' "$part"
}
part() { # entries number: sets $part to that field of the first of them
    part=${1%%"$newline"*} number=$2
    while [ "$number" -gt 1 ]; do
        case $part in *:*) part=${part#*:} ;; *) part= ;; esac
        number=$((number - 1))
    done
    part=${part%%:*}
}
closed() { # name: whether nobody can log in to it
    [ "$(field shadow "$1" 8)" = 1 ] && locked "$1" && no_shell "$(field passwd "$1" 7)"
}
locked() { # name: whether no password opens it
    part "$(getent shadow -- "$1")" 2
    case $part in '!'* | '*'*) return 0 ;; *) return 1 ;; esac
}
no_shell() { # shell
    case ${1##*/} in nologin | false | sync) return 0 ;; *) return 1 ;; esac
}
resting() { # name day: whether it was closed for inactivity, and nobody called it back since
    since=$(note "$1" inactive)
    [ -n "$since" ] && [ "${2:-0}" -lt "$since" ]
}
person() { # name comment shell day inactive groups: day of the return, days, groups that it may be in
    said=
    if ! passwd=$(getent passwd -- "$1"); then
        printf 'person %s missing\n' "$1"
        return
    fi
    shadow=$(getent shadow -- "$1")
    [ -n "$(note "$1" since)" ] && [ -z "$(note "$1" left)" ] || said="$said unknown"
    [ -z "$(note "$1" before)" ] || said="$said files"
    part "$passwd" 5
    [ "${part%%,*}" = "$2" ] || said="$said comment"
    part "$passwd" 7
    [ "$part" = "$3" ] || said="$said shell"
    part "$shadow" 2
    [ -n "$part" ] || said="$said password"
    part "$shadow" 7
    [ "$part" = "$5" ] || said="$said inactive"
    part "$passwd" 6
    [ "$(stat -c '%F %a %U' -- "$part" 2>/dev/null)" = "directory 700 $1" ] || said="$said home"
    part "$shadow" 8
    [ -z "$part" ] || resting "$1" "$4" || said="$said closed"
    part "$passwd" 3
    [ "$part" -ge 1000 ] || said="$said system"
    for group in $(id -Gn -- "$1"); do
        case ",$1,$6," in *",$group,"*) ;; *) said="$said group:$group" ;; esac
    done
    [ -z "$said" ] || printf 'person %s%s\n' "$1" "$said"
}
leavers() { # name...: those whom the site admits; the others that have a note have left
    for file in "$notes"/*; do
        [ -f "$file" ] || continue
        name=${file##*/}
        for admitted; do [ "$name" != "$admitted" ] || continue 2; done
        getent passwd -- "$name" >/dev/null || continue
        said=$(loose_ends "$name" | tr '\n' ' ')
        [ -z "$said" ] || printf 'leaver %s %s\n' "$name" "${said% }"
    done
}
loose_ends() { # name: what an account of somebody who left still has
    uid=$(field passwd "$1" 3) home=$(field passwd "$1" 6)
    [ -n "$(note "$1" left)" ] || echo note
    closed "$1" || echo open
    [ "$(id -Gn -- "$1" | wc -w)" = 1 ] || echo groups
    for keys in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" "/etc/ssh/authorized_keys.d/$1"; do
        if [ -e "$keys" ]; then echo keys; fi
    done
    if [ -e "/var/spool/cron/crontabs/$1" ] || [ -e "/var/lib/systemd/linger/$1" ]; then echo schedules; fi
    [ -z "$(jobs_of "$uid")$(units_of "$1")$(tables_of "$1")" ] || echo schedules
    [ -z "$(processes_of "$uid")" ] || echo sessions
}
jobs_of() { # uid: jobs of at
    find /var/spool/cron/atjobs -type f -uid "$1" 2>/dev/null
}
units_of() { # name: an administrator's units that run as it
    grep -rlEs "^User=($1|$(field passwd "$1" 3))\$" /etc/systemd/system --include='*.service'
}
tables_of() { # name: tables of cron in which a line runs as it
    grep -lEs "^[^#]*[[:space:]]$1[[:space:]]" /etc/cron.d/* /etc/crontab
}
processes_of() { # uid: of this host, not of a container's
    for process in /proc/[0-9]*; do
        [ "$(stat -c %u -- "$process" 2>/dev/null)" = "$1" ] || continue
        [ "$(readlink "$process/ns/pid")" = "$(readlink /proc/1/ns/pid)" ] || continue
        printf '%s\n' "${process#/proc/}"
    done
}
system_accounts() { # lock-root name...: names are service accounts that the register has
    lock_root=$1
    shift
    if [ "$lock_root" = yes ] && ! locked root; then echo 'system root'; fi
    for service; do
        [ "$service" != root ] && getent passwd -- "$service" >/dev/null || continue
        locked "$service" || printf 'system %s\n' "$service"
    done
    getent passwd | while IFS=: read -r name _ uid _ _ _ shell; do
        { [ "$uid" -lt 1000 ] || [ "$name" = nobody ]; } && [ "$uid" != 0 ] || continue
        for service; do [ "$name" != "$service" ] || continue 2; done
        locked "$name" && no_shell "$shell" || printf 'system %s\n' "$name"
    done
}
strangers() { # name...: all that the register has
    getent passwd | while IFS=: read -r name _ uid _; do
        { [ "$uid" -ge 1000 ] || [ "$uid" = 0 ]; } && [ "$name" != root ] && [ "$name" != nobody ] || continue
        for registered; do [ "$name" != "$registered" ] || continue 2; done
        [ ! -e "$notes/$name" ] || continue
        closed "$name" && [ "$(id -Gn -- "$name" | wc -w)" = 1 ] || printf 'stranger %s\n' "$name"
    done
}
doubles() { # entries that repeat a name or a number, or belong to NIS
    for database in passwd group; do
        awk -F: -v database="$database" '
            /^[+-]/ { print "double", database, "nis"; next }
            names[$1]++ || numbers[$3]++ { print "double", database, $1 }' "/etc/$database"
    done
}
printf 'ringfence-people\n'
