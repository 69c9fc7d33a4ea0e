# shellcheck shell=sh disable=SC2015
# Names the key by which a source is signed, in the place of another. Needs the functions of tree.sh.
demand_key() { # key: a source whose key is missing brings no updates
    [ -s "$1" ] || fail "the key $1 is not on this host: put it there, or name another in the policy, under provenance.repositories"
}
sign_line() { # path number key
    demand_key "$3"
    keep "$1"
    sed -i -E "$2{
        s,(\[[^]]*)\bsigned-by=[^] ]*,\1,I
        s,^([[:space:]]*deb(-src)?[[:space:]]+)\[[[:space:]]*([^]]*)\],\1[signed-by=$3 \3],; t
        s,^([[:space:]]*deb(-src)?)[[:space:]]+,\1 [signed-by=$3] ,
    }" "$1" || fail "cannot change $1"
    printf 'line %s of %s is signed by %s\n' "$2" "$1" "$3"
}
sign_stanza() { # path first last key
    demand_key "$4"
    keep "$1"
    # A field goes on in the lines below that begin with a blank (deb822(5)).
    cp -a -- "$1" "$1.new" && awk -v first="$2" -v last="$3" -v key="$4" '
        NR >= first && NR <= last {
            if (/^[^[:space:]#]/) { other = tolower($0) ~ /^signed-by[[:space:]]*:/ }
            if (!other || /^#/) { print }
            if (NR == last) { print "Signed-By: " key }
            next
        }
        { print }' "$1" >"$1.new" && mv -T -- "$1.new" "$1" || fail "cannot change $1"
    printf 'the stanza that begins in line %s of %s is signed by %s\n' "$2" "$1" "$4"
}
refuse() { # place...
    fail "packages would come from nowhere: name $* in the policy, under provenance.repositories, if they may come from there"
}
close() { # path
    chown root:root "$1" && chmod go-w "$1" || fail "cannot close $1"
    printf 'only root writes %s\n' "$1"
}
