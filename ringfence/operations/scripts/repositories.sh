# shellcheck shell=sh disable=SC2015
# Names the key by which a source is signed. Needs the functions of tree.sh.
sign_line() { # path number key
    keep "$1"
    sed -i -E "$2s,^([[:space:]]*deb(-src)?[[:space:]]+)\[[[:space:]]*([^]]*)\],\1[signed-by=$3 \3],; t
        $2s,^([[:space:]]*deb(-src)?)[[:space:]]+,\1 [signed-by=$3] ," "$1" || fail "cannot change $1"
    printf 'line %s of %s is signed by %s\n' "$2" "$1" "$3"
}
sign_stanza() { # path number key
    keep "$1"
    sed -i "$2a Signed-By: $3" "$1" || fail "cannot change $1"
    printf 'the stanza that ends in line %s of %s is signed by %s\n' "$2" "$1" "$3"
}
