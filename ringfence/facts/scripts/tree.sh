# shellcheck shell=sh
# Prints one line of ASCII for each path, so that no name on the host can break the answer.
describe() { # number path
    if ! status=$(stat -c '%f %U %G' -- "$2" 2>/dev/null); then
        printf 'entry %s absent\n' "$1"
        return
    fi
    digest=-
    if [ -f "$2" ] && [ ! -L "$2" ]; then
        digest=$(sha256sum <"$2" 2>/dev/null) || digest=unreadable
    fi
    printf 'entry %s %s %s\n' "$1" "$status" "${digest%% *}"
}
members() { # number directory
    [ -d "$2" ] && [ ! -L "$2" ] || return 0
    printf 'members %s ' "$1"
    find "$2" -mindepth 1 -maxdepth 1 -printf '%f\0' | base64 -w0
    printf '\n'
}
leftovers() { # directory, in which an interrupted run may have left its stage
    for stage in "$1"/.ringfence.????????; do
        [ ! -d "$stage" ] || printf 'leftover\n'
    done
}
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
printf 'ringfence-tree\n'
