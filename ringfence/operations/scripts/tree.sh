# shellcheck shell=sh disable=SC2015,SC2174
# Replaces a tree of files: all of it is staged and validated before the first name changes.
# A stage lies beside its target, so that the last step is a rename within one file system.
set -u
umask 077
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
store=/var/lib/ringfence
previous=$store/previous
work=
committed=no

complain() {
    printf 'ringfence: %s\n' "$*" >&2
}
fail() {
    complain "$@"
    exit 1
}
leave() {
    status=$?
    trap - EXIT
    if [ -n "$work" ]; then
        clean
        [ "$committed" = yes ] || undo
        rm -rf -- "$work"
    fi
    exit "$status"
}
begin() {
    trap '' PIPE
    trap leave EXIT
    trap 'exit 1' HUP INT TERM
    mkdir -p -m 0755 -- "$store" && mkdir -p -m 0700 -- "$previous" || fail "cannot write to $store"
    exec 9>"$store/lock" && flock -w 120 9 || fail "another run of Ringfence is changing this host"
    rm -rf -- "$store"/.work.????????
    work=$(mktemp -d "$store/.work.XXXXXXXX") || fail "cannot write to $store: nothing was changed"
    token=${work##*.}
    moment=$(date -u +%Y%m%dT%H%M%S.%NZ)
    clean
}
sweep() { # directory..., in which a stage may lie
    for swept; do rm -rf -- "$swept"/.ringfence.????????; done
}
receive() {
    base64 -d | tar -x -f - -C "$work" --no-same-owner && [ -e "$work/end" ] ||
        fail "the files did not arrive whole (connection lost or disk full): nothing was changed"
}
prepare_directory() { # number path mode owner group
    if [ -L "$2" ] || { [ -e "$2" ] && [ ! -d "$2" ]; }; then
        mv -T -- "$2" "$work/aside.$1" || fail "cannot move $2 aside: nothing was changed"
    fi
    record "$2" shallow
    [ -d "$2" ] && return
    mkdir -- "$2" && : >"$work/made.$1" && chown -- "$4:$5" "$2" && chmod -- "$3" "$2" ||
        fail "cannot make the directory $2: nothing was changed"
}
undo_directory() { # number path
    [ ! -e "$work/made.$1" ] || rmdir -- "$2"
    [ ! -e "$work/aside.$1" ] && [ ! -L "$work/aside.$1" ] || mv -T -- "$work/aside.$1" "$2"
}
staged() { # target
    printf '%s/.ringfence.%s/%s' "${1%/*}" "$token" "${1##*/}"
}
stage() { # number target mode owner group
    place=${2%/*}/.ringfence.$token
    [ -d "$place" ] || mkdir -- "$place" || fail "cannot stage $2: nothing was changed"
    new=$place/${2##*/}
    cp -- "$work/$1" "$new" && chown -- "$4:$5" "$new" && chmod -- "$3" "$new" && sync -- "$new" ||
        fail "cannot stage $2: nothing was changed"
}
check() { # target command...
    checked=$1
    shift
    said=$("$@" 2>&1 </dev/null) || fail "$checked was refused and nothing was changed: $said"
}
record() { # path [shallow]: for ringfence rollback, in a run that keeps the host's state
    [ ! -e "$store/states/open" ] || sh "$store/states/states" record "$@" || fail "cannot keep the state of $1"
}
shelve() { # path: make room for its previous version; sets $shelf
    shelf=$previous$1
    mkdir -p -- "$shelf" || fail "cannot keep the previous $1"
    find "$shelf" -mindepth 1 -maxdepth 1 -name '[0-9]*T[0-9]*Z' -printf '%f\n' |
        sort -r | tail -n +5 | while IFS= read -r old; do rm -rf -- "${shelf:?}/$old"; done
}
keep() { # path
    record "$1"
    [ -f "$1" ] || [ -L "$1" ] || return 0
    shelve "$1"
    cp -a -- "$1" "$shelf/$moment" || fail "cannot keep the previous $1: nothing was changed"
}
remove() { # path
    [ -e "$1" ] || [ -L "$1" ] || return 0
    record "$1"
    shelve "$1"
    mv -T -- "$1" "$shelf/$moment" || fail "cannot remove $1"
    printf 'removed %s (kept in %s)\n' "$1" "$shelf" | tr -c '[:print:]\n' '?'
}
silence() { # path number...: turns lines into comments
    path=$1
    shift
    keep "$path"
    for number; do
        sed -i "${number}s/^/# replaced by Ringfence: /" "$path" || fail "cannot change $path"
    done
    printf 'silenced %s lines of %s\n' "$#" "$path"
}
silence_drop_in() { # path number...: the same of a unit's drop-in; one that says nothing else goes
    rest=$(sed "$(shift && printf '%sd;' "$@")" "$1") || fail "cannot read $1"
    if printf '%s\n' "$rest" | grep -qE '^[[:space:]]*[^#;[[:space:]]'; then
        silence "$@"
    else
        remove "$1"
    fi
}
install_directory() { # number path mode owner group
    if [ -e "$work/aside.$1" ] || [ -L "$work/aside.$1" ]; then
        shelve "$2"
        mv -T -- "$work/aside.$1" "$shelf/$moment" || fail "cannot keep the previous $2"
    fi
    chown -- "$4:$5" "$2" && chmod -- "$3" "$2" || fail "cannot set owner and mode of $2"
}
install_file() { # target
    [ ! -d "$1" ] || [ -L "$1" ] || remove "$1"
    mv -fT -- "$(staged "$1")" "$1" && sync -- "${1%/*}/" || fail "cannot replace $1 (immutable, or a mount?)"
    printf 'wrote %s\n' "$1"
}
exclusive() { # directory name...: removes every other entry
    owned=$1
    shift
    for entry in "$owned"/* "$owned"/.[!.]* "$owned"/..?*; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        extra=yes
        for name; do [ "${entry##*/}" != "$name" ] || extra=no; done
        case ${entry##*/} in .ringfence.????????) extra=no ;; esac
        [ "$extra" = no ] || remove "$entry"
    done
}
