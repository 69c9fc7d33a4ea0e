# shellcheck shell=sh disable=SC2015,SC2154
# Changes login.defs and shadow. Needs the functions of tree.sh.
define() { # key value...: each key stands once in login.defs, with this value
    file=/etc/login.defs
    mkdir -p -- "/etc/.ringfence.$token" && cp -p -- "$file" "$work/defs" ||
        fail "can't stage $file: nothing was changed"
    while [ $# -gt 0 ]; do
        awk -v key="$1" -v value="$2" '
            $1 == key { if (!done) print key "\t" value; done = 1; next }
            { print }
            END { if (!done) print key "\t" value }' "$work/defs" >"$work/defs.new" &&
            mv -f -- "$work/defs.new" "$work/defs" || fail "can't write $file: nothing was changed"
        shift 2
    done
    cp -- "$work/defs" "$(staged "$file")" && chown root:root -- "$(staged "$file")" &&
        chmod 0644 -- "$(staged "$file")" && sync -- "$(staged "$file")" ||
        fail "can't stage $file: nothing was changed"
    keep "$file"
    install_files "$file"
}
own() { # path mode owner:group
    chown -- "$3" "$1" && chmod -- "$2" "$1" || fail "can't set owner and mode of $1"
}
lock_empty() { # account: whose password is empty
    usermod -p '!' -- "$1" || fail "can't lock $1, whose password is empty"
    printf 'locked %s, whose password was empty\n' "$1"
}
age() { # account option value...
    name=$1
    shift
    chage "$@" -- "$name" || fail "can't set the age of the password of $name"
}
