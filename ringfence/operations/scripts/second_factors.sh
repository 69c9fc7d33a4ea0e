# shellcheck shell=sh disable=SC2015,SC2154
# Replaces second factors. Stands after the functions of tree.sh, two of which are others here: no former
# version is kept, for it would be a key that still opens something, or one that was taken away.
keep() { :; }
remove() { # path
    [ -e "$1" ] || [ -L "$1" ] || return 0
    rm -rf -- "$1" || fail "cannot remove $1"
    printf 'removed %s\n' "$1" | tr -c '[:print:]\n' '?'
}
merge() { # path: with the same key, what logins have used up stays used up
    new=$(staged "$1")
    if [ ! -f "$1" ] || [ -L "$1" ] || [ "$(head -n 1 -- "$1")" != "$(head -n 1 -- "$new")" ]; then return; fi
    awk '
        NR == FNR && /^" (RATE_LIMIT|DISALLOW_REUSE)/ {
            for (i = ($2 == "RATE_LIMIT" ? 5 : 3); i <= NF; i++) used[$2] = used[$2] " " $i
        }
        NR == FNR { left[$0] = 1; next }
        /^"/ { print $0 used[$2]; next }
        FNR == 1 || ($0 in left)
    ' "$1" "$new" >"$new.merged" && chmod -- 0600 "$new.merged" && sync -- "$new.merged" &&
        mv -fT -- "$new.merged" "$new" || fail "cannot stage $1: nothing was changed"
}
