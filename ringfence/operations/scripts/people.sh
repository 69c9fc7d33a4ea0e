# shellcheck shell=sh disable=SC2015,SC2154,SC2174
# Opens, limits and closes accounts. Needs the functions of tree.sh and those of the fact of the same name.
today=$(($(date +%s) / 86400))
write_note() { # name line...
    mkdir -p -m 0700 -- "$notes" || fail "cannot write to $notes"
    name=$1
    shift
    printf '%s\n' "$@" >"$work/note" && sync -- "$work/note" && mv -fT -- "$work/note" "$notes/$name" ||
        fail "cannot write $notes/$name"
}
admit() { # name comment shell day inactive groups
    if ! getent passwd -- "$1" >/dev/null; then
        own=--user-group
        getent group -- "$1" >/dev/null && own=--gid=$1
        # The note comes first: an account of ours is known as such whenever this run ends, and so is who
        # owned what lies in the home of somebody who had an account before.
        before=$(stat -c %u -- "$(useradd -D | sed -n s/^HOME=//p)/$1" 2>/dev/null)
        write_note "$1" "since=$today" ${before:+"before=$before"}
        useradd --create-home "$own" --shell "$3" --comment "$2" --key HOME_MODE=0700 -- "$1" ||
            fail "cannot make the account $1"
        printf 'made the account %s\n' "$1"
    fi
    [ "$(field passwd "$1" 3)" -ge 1000 ] || fail "$1 is an account of the system: give the person another name"
    if [ -n "$(field shadow "$1" 8)" ] && ! resting "$1" "$4"; then
        usermod --expiredate '' -- "$1" || fail "cannot open the account $1"
        # Without a password, the day of its last change tells since when nobody logged in.
        ! locked "$1" || chage --lastday "$(date +%F)" -- "$1"
        write_note "$1" "since=$today" "returned=$4"
        printf 'opened the account %s\n' "$1"
    fi
    [ -n "$(note "$1" since)" ] && [ -z "$(note "$1" left)" ] || write_note "$1" "since=$today"
    usermod --shell "$3" --comment "$2" --inactive "$5" -- "$1" || fail "cannot change the account $1"
    [ -n "$(field shadow "$1" 2)" ] || usermod --password '!' -- "$1"
    home=$(field passwd "$1" 6)
    [ ! -L "$home" ] || fail "the home of $1, $home, is a link: make it a folder"
    inherit "$1" "$home"
    mkdir -p -- "$home" && chown -- "$1:" "$home" && chmod 0700 -- "$home" || fail "cannot set owner and mode of $home"
    for group in $(id -Gn -- "$1"); do
        case ",$1,$6," in *",$group,"*) ;; *) leave_group "$1" "$group" ;; esac
    done
}
inherit() { # name home: files of the same person's account of before, which somebody deleted
    noted=$(note "$1" before)
    for before in $noted "$(stat -c %u -- "$2" 2>/dev/null)"; do
        [ -n "$before" ] && ! getent passwd -- "$before" >/dev/null || continue
        chown -R --from="$before" -- "$1:" "$2" || fail "cannot give $1 what lies in $2"
    done
    [ -z "$noted" ] || write_note "$1" "since=$(note "$1" since)"
}
leave_group() { # name group
    if [ "$(id -gn -- "$1")" = "$2" ]; then
        getent group -- "$1" >/dev/null || groupadd -- "$1"
        usermod --gid "$1" -- "$1"
    else
        gpasswd --delete "$1" "$2" >/dev/null
    fi || fail "cannot take $1 out of the group $2"
    printf 'took %s out of the group %s\n' "$1" "$2"
}
shut() { # name: nobody logs in to it any more, by any way, and it is in no group but its own
    getent shadow -- "$1" >/dev/null || pwconv
    usermod --expiredate 1 --shell /usr/sbin/nologin --password '!' --groups '' -- "$1" ||
        fail "cannot close the account $1"
    [ "$(id -gn -- "$1")" = "$1" ] || leave_group "$1" "$(id -gn -- "$1")"
    printf 'closed the account %s\n' "$1"
}
dismiss() { # name: what somebody who left had goes, but the files
    uid=$(field passwd "$1" 3) home=$(field passwd "$1" 6)
    shut "$1"
    remove "/etc/ssh/authorized_keys.d/$1"
    remove "$home/.ssh/authorized_keys"
    remove "$home/.ssh/authorized_keys2"
    rm -f -- "/run/sudo/ts/$1" "/run/sudo/ts/$uid" "/var/lib/systemd/linger/$1"
    remove "/var/spool/cron/crontabs/$1"
    jobs_of "$uid" | while IFS= read -r job; do remove "$job"; done
    tables_of "$1" | while IFS= read -r table; do
        keep "$table"
        sed -i -E "/^[^#]*[[:space:]]$1[[:space:]]/d" "$table"
    done
    units_of "$1" | while IFS= read -r unit; do
        [ -e "$unit" ] || continue
        timer=$(basename -- "$unit" .service).timer
        systemctl disable --quiet --now -- "$timer" "${unit##*/}" 2>/dev/null
        remove "$unit"
        remove "${unit%/*}/$timer"
    done
    systemctl daemon-reload
    loginctl terminate-user "$1" 2>/dev/null
    systemctl stop "user@$uid.service" 2>/dev/null
    for _ in 1 2 3 4 5; do
        running=$(processes_of "$uid")
        [ -n "$running" ] || break
        # shellcheck disable=SC2086 # numbers
        kill -KILL $running 2>/dev/null
        sleep 0.2
    done
    [ -z "$(processes_of "$uid")" ] || fail "processes of $1 do not end"
    write_note "$1" "left=$today"
}
key_alone() { # name: an account that Ringfence logs in as
    usermod --lock -- "$1" || fail "cannot lock the password of $1"
    printf 'locked the password of %s\n' "$1"
}
service_only() { # name: an account of the system
    usermod --lock -- "$1" && [ "$1" = root ] || usermod --shell /usr/sbin/nologin -- "$1" || fail "cannot lock $1"
    printf 'locked %s\n' "$1"
}
single() { # database: later entries with a name or number that another has lose it; NIS' go
    keep "/etc/$1"
    cp -a -- "/etc/$1" "/etc/$1.ringfence" && : >"$work/moved" && awk -F: -v OFS=: -v moved="$work/moved" '
        NR == FNR { taken[$3]; homes[$6]++; next }
        /^[+-]/ || names[$1]++ { next }
        numbers[$3]++ {
            for (free = free ? free : 59000; free in taken; free++);
            taken[free]
            own = substr($6, length($6) - length($1)) == "/" $1 && homes[$6] == 1 && $3 >= 1000
            if (own) print $3, free, $6 >moved
            $3 = free
        }
        { print }
    ' "/etc/$1" "/etc/$1" >"/etc/$1.ringfence" || fail "cannot write /etc/$1.ringfence"
    # Files first: whoever shared a number keeps what is in the home, also when this run ends in between.
    while IFS=: read -r from to home; do
        [ ! -d "$home" ] || [ -L "$home" ] || chown -R --from="$from" -- "$to" "$home" || fail "cannot give $home another owner"
    done <"$work/moved"
    sync -- "/etc/$1.ringfence" && mv -fT -- "/etc/$1.ringfence" "/etc/$1" || fail "cannot write /etc/$1"
    printf 'made the entries of /etc/%s unique\n' "$1"
}
