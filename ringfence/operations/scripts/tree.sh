# shellcheck shell=sh disable=SC2015,SC2174
# Replaces a tree of files: all of it is staged and validated before the first name changes.
# A stage lies beside its target, so that the last step is a rename within one file system.
# A busy or emulated host takes long to start a program, so functions take many paths, and start none in vain.
set -u
umask 077
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
store=/var/lib/ringfence
previous=$store/previous
work=
moment=
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
    [ -d "$previous" ] || { mkdir -p -m 0755 -- "$store" && mkdir -p -m 0700 -- "$previous"; } ||
        fail "cannot write to $store"
    exec 9>"$store/lock" && flock -w 120 9 || fail "another run of Ringfence is changing this host"
    wipe "$store"/.work.????????
    work=$(mktemp -d "$store/.work.XXXXXXXX") || fail "cannot write to $store: nothing was changed"
    token=${work##*.}
    clean
}
wipe() { # path..., or a pattern that matched nothing
    for wiped; do
        [ ! -e "$wiped" ] && [ ! -L "$wiped" ] || rm -rf -- "$wiped"
    done
}
sweep() { # directory..., in which a stage may lie
    for swept; do wipe "$swept"/.ringfence.????????; done
}
receive() {
    base64 -d | tar -x -f - -C "$work" --no-same-owner && [ -e "$work/end" ] ||
        fail "the files did not arrive whole (connection lost or disk full): nothing was changed"
}
prepare_directory() { # number path mode owner group
    if [ -L "$2" ] || { [ -e "$2" ] && [ ! -d "$2" ]; }; then
        mv -T -- "$2" "$work/aside.$1" || fail "cannot move $2 aside: nothing was changed"
    fi
    record_entry "$2"
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
    install -T -o "$4" -g "$5" -m "$3" -- "$work/$1" "$place/${2##*/}" ||
        fail "cannot stage $2: nothing was changed"
}
sync_stages() { # target...
    for target; do
        shift
        set -- "$@" "$(staged "$target")"
    done
    sync -- "$@" || fail "cannot stage the files (disk full?): nothing was changed"
}
check() { # target command...
    checked=$1
    shift
    said=$("$@" 2>&1 </dev/null) || fail "$checked was refused and nothing was changed: $said"
}
record() { # path...: for ringfence rollback, in a run that keeps the host's state
    [ ! -e "$store/states/open" ] || sh "$store/states/states" record "$@" || fail "cannot keep the state of $*"
}
record_entry() { # path: of a directory, without what is in it
    [ ! -e "$store/states/open" ] || sh "$store/states/states" record_entry "$1" || fail "cannot keep the state of $1"
}
shelve() { # path: make room for its previous version; sets $shelf and $moment
    shelf=$previous$1
    [ -n "$moment" ] || moment=$(date -u +%Y%m%dT%H%M%S.%NZ)
    [ -d "$shelf" ] || mkdir -p -- "$shelf" || fail "cannot keep the previous $1"
    set -- "$shelf"/[0-9]*T[0-9]*Z # the oldest first
    while [ $# -gt 4 ]; do
        rm -rf -- "$1"
        shift
    done
}
keep() { # path...
    record "$@"
    for kept; do
        [ -f "$kept" ] || [ -L "$kept" ] || continue
        shelve "$kept"
        cp -a -- "$kept" "$shelf/$moment" || fail "cannot keep the previous $kept: nothing was changed"
    done
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
    sed -i "$(printf '%ss/^/# replaced by Ringfence: /;' "$@")" "$path" || fail "cannot change $path"
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
install_files() { # target...
    for target; do
        [ ! -d "$target" ] || [ -L "$target" ] || remove "$target"
        mv -fT -- "$(staged "$target")" "$target" ||
            fail "cannot replace $target (immutable, or a mount?)"
        printf 'wrote %s\n' "$target"
    done
    for target; do
        shift
        set -- "$@" "${target%/*}/"
    done
    sync -- "$@" || fail "the disk doesn't take what was replaced in $*"
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
