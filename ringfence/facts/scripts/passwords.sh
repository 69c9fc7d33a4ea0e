# shellcheck shell=sh
# Prints the ages of passwords, and in which scheme each is kept; never a hash.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
definition() { # key: every value of a key of login.defs
    awk -v key="$1" '$1 == key { print "define " key " " $2 }' /etc/login.defs 2>/dev/null
}
accounts() { # name, uid, scheme, last change, longest age, days of warning; - for an empty field
    {
        getent passwd
        printf '%s\n' =
        cat /etc/shadow
    } | awk -F: '
        $1 == "=" { shadow = 1; next }
        !shadow { uid[$1] = $3; next }
        {
            scheme = "other"
            if ($2 == "") scheme = "empty"
            else if ($2 ~ /^[!*]/) scheme = "none"
            else if ($2 ~ /^\$g?y\$/) scheme = "yescrypt"
            for (i = 3; i <= 6; i++) if ($i == "") $i = "-"
            printf "account %s %s %s %s %s %s\n", $1, ($1 in uid) ? uid[$1] : "-", scheme, $3, $5, $6
        }'
}
file() { # path
    printf 'file %s %s\n' "$1" "$(stat -c '%a:%U:%G' -- "$1" 2>/dev/null || printf absent)"
}
clock() {
    printf 'today %s\n' "$(($(date +%s) / 86400))"
}
printf 'ringfence-passwords\n'
