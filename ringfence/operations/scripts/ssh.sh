# shellcheck shell=sh disable=SC2015,SC2154
# Makes host keys, and moves aside keys in accounts' homes. Needs the functions of tree.sh.
generate() { # path type bits
    place=${1%/*}/.ringfence.$token
    [ -d "$place" ] || mkdir -- "$place" || fail "cannot stage $1: nothing was changed"
    new=$place/${1##*/}
    ssh-keygen -q -t "$2" -b "$3" -N '' -C '' -f "$new" </dev/null && sync -- "$new" ||
        fail "cannot make the host key $1: nothing was changed"
    keep "$1"
    mv -fT -- "$new" "$1" || fail "cannot replace $1"
    printf 'made %s: %s\n' "$1" "$(ssh-keygen -lf "$new.pub")"
    publish "$1"
}
publish() { # path: write the public half beside the private one, and set the modes of both
    chown -- root:root "$1" && chmod -- 0600 "$1" || fail "cannot set owner and mode of $1"
    place=${1%/*}/.ringfence.$token
    [ -d "$place" ] || mkdir -- "$place" || fail "cannot stage $1.pub"
    new=$place/${1##*/}.pub
    keep "$1.pub"
    ssh-keygen -y -P '' -f "$1" >"$new" </dev/null && chown -- root:root "$new" &&
        chmod -- 0644 "$new" && sync -- "$new" && mv -fT -- "$new" "$1.pub" ||
        fail "cannot write $1.pub"
}
personal() { # account file
    home=$(getent passwd -- "$1" | cut -d: -f6)
    [ -n "$home" ] || return 0
    remove "$home/.ssh/$2"
}
