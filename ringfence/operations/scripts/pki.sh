# shellcheck shell=sh disable=SC2015,SC2154
# Makes a host's key and a request for its certificate. Needs the functions of tree.sh.
request() { # directory new|kept: what is staged lies in .new until there is a certificate for it
    [ ! -L "$1" ] && { [ -d "$1" ] || mkdir -m 0755 -- "$1"; } || fail "cannot make $1"
    rm -rf -- "$1/.new" && mkdir -m 0700 -- "$1/.new" || fail "cannot write to $1: nothing was changed"
    key=$1/host.key
    if [ "$2" = new ]; then
        key=$1/.new/host.key
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key" </dev/null &&
            sync -- "$key" || fail "cannot make a key in $1"
    fi
    openssl req -new -config /dev/null -subj / -key "$key" -passin pass: -out "$1/.new/host.csr" </dev/null ||
        fail "cannot make a request for the key $key"
}
belongs() { # certificate key
    certified=$(openssl x509 -in "$1" -noout -pubkey) && [ -n "$certified" ] &&
        [ "$certified" = "$(openssl pkey -in "$2" -passin pass: -pubout)" ] ||
        fail "it is not of the key $2"
}
settle() { # directory new|kept: the staged key becomes the host's; its certificate follows at once
    if [ "$2" = new ]; then
        keep "$1/host.key"
        [ ! -d "$1/host.key" ] || [ -L "$1/host.key" ] || remove "$1/host.key"
        chown -- root:root "$1/.new/host.key" && chmod -- 0600 "$1/.new/host.key" &&
            mv -fT -- "$1/.new/host.key" "$1/host.key" && sync -- "$1" || fail "cannot replace $1/host.key"
    fi
    rm -rf -- "$1/.new"
}
close_key() { # path
    record "$1"
    chown -- root:root "$1" && chmod -- 0600 "$1" || fail "cannot set owner and mode of $1"
    printf 'closed %s\n' "$1"
}
present() { # path: nobody can name one that is no UTF-8 from afar
    [ -e "$1" ] || fail "cannot find $1: it is gone, or its name is no UTF-8; see to it on the host"
}
close_to_others() { # path
    present "$1"
    [ -f "$1" ] && [ ! -L "$1" ] || return 0
    record "$1"
    chmod -- o-rwx "$1" || fail "cannot close $1"
    printf 'closed %s\n' "$1" | tr -c '[:print:]\n' '?'
}
