# shellcheck shell=sh
# Takes from OpenSSL's configuration what weakens it. Needs the functions of tree.sh.
strengthen() { # path number...: lines stay, with other values, for a section without lines keeps every program from TLS
    path=$1
    shift
    stage=$path.ringfence
    keep "$path"
    cp -p -- "$path" "$stage" || fail "cannot write $stage"
    for number; do
        sed -i -E "$number{s/^([^#=]*)cipherstring[[:space:]]*=.*/\1CipherString = DEFAULT:@SECLEVEL=2/I; t
            s/^([^#=]*[.[:space:]])?(min)?protocol[[:space:]]*=.*/\1MinProtocol = TLSv1.2/I}" "$stage" ||
            fail "cannot change $stage"
    done
    if ! OPENSSL_CONF=$stage openssl ciphers >/dev/null; then
        rm -f -- "$stage"
        fail "OpenSSL does not take $path"
    fi
    mv -f -- "$stage" "$path"
    printf 'strengthened %s lines of %s\n' "$#" "$path"
}
