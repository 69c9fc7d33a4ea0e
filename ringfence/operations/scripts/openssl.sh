# shellcheck shell=sh
# Takes from OpenSSL's configuration what weakens it. Needs the functions of tree.sh.
strengthen() { # path number...: lines stay, with other values, for a section without lines keeps every program from TLS
    path=$1
    shift
    keep "$path"
    for number; do
        sed -i -E "$number{s/^([^#=]*)cipherstring[[:space:]]*=.*/\1CipherString = DEFAULT:@SECLEVEL=2/I; t
            s/^([^#=]*[.[:space:]])?(min)?protocol[[:space:]]*=.*/\1MinProtocol = TLSv1.2/I}" "$path" ||
            fail "cannot change $path"
    done
    OPENSSL_CONF=$path openssl ciphers >/dev/null || fail "OpenSSL does not take $path"
    printf 'strengthened %s lines of %s\n' "$#" "$path"
}
