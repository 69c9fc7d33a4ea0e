# shellcheck shell=sh disable=SC2015,SC2154
# Closes cron and at to everybody who is not named. Needs the functions of tree.sh.
close_schedule() { # path
    if [ -L "$1" ]; then remove "$1" && return; fi
    chown -- root:root "$1" && chmod -- go= "$1" || fail "cannot close $1"
    printf 'closed %s\n' "$1"
}
allow() { # cron or at, group, account...
    list=/etc/$1.allow group=$2
    shift 2
    keep "$list"
    stage=$(mktemp "$work/allow.XXXXXX") && printf '%s\n' "$@" >"$stage" &&
        chown -- "root:$group" "$stage" && chmod 0640 "$stage" || fail "cannot stage $list: nothing was changed"
    [ ! -d "$list" ] || [ -L "$list" ] || remove "$list"
    mv -fT -- "$stage" "$list" || fail "cannot replace $list"
    printf 'wrote %s\n' "$list"
}
