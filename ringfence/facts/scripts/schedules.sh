# shellcheck shell=sh
# Prints who may schedule work with cron and at, and who has. Names are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
there() { # path
    [ -e "$1" ] || [ -L "$1" ]
}
open() { # path that exists and is not closed to everybody but root
    for path in /etc/crontab /etc/anacrontab /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly \
        /etc/cron.monthly /etc/cron.yearly; do
        there "$path" || continue
        [ -n "$(find "$path" -maxdepth 0 \( -type f -o -type d \) -user root -group root ! -perm /0077)" ] ||
            printf 'open %s\n' "$(coded "$path")"
    done
}
lists() { # the list of those who may, of cron and of at, and lists of those who may not
    for program in cron at; do
        list=/etc/$program.allow
        if [ -f "$list" ] && [ ! -L "$list" ]; then
            printf 'list %s %s %s\n' "$program" "$(stat -c '%a %U %G' -- "$list")" "$(base64 -w0 <"$list")"
        fi
        if there "/etc/$program.deny"; then printf 'deny %s\n' "$program"; fi
    done
    printf 'group %s\n' "$(getent group crontab >/dev/null && printf crontab || printf root)"
}
planned() { # the tables and jobs of accounts: a table is its name's, a job its owner's
    for path in /var/spool/cron/crontabs/* /var/spool/cron/atjobs/*; do
        [ -f "$path" ] || continue
        case $path in
        */crontabs/*) account=${path##*/} ;;
        *) account=$(stat -c %U -- "$path") ;;
        esac
        printf 'planned %s %s\n' "$(coded "$account")" "$(coded "$path")"
    done
}
printf 'ringfence-schedules\n'
