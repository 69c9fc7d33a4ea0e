# shellcheck shell=sh
# What packages and accounts have to do with going back; it is put before guard.sh and before states.sh.
# A package that a run installed stays, so what it brought must: dpkg(1) brings no file of /etc a second time.

installed() { # the names of packages, in order
    dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p' | sort
}
brought_since() { # file with what `installed` said: checksum and path of each file of packages that are new
    [ -e "$1" ] || return 0 # of a run of an older Ringfence
    for package in $(installed | comm -13 "$1" -); do
        sed 's,  ,  /,' "/var/lib/dpkg/info/$package.md5sums" 2>/dev/null
        dpkg-query -W -f '${Conffiles}\n' "$package" | awk 'NF > 1 { print $2 "  " $1 }'
    done
}
is_accounts() { # path: a database with an entry a line, which others change too
    case $1 in /etc/group | /etc/gshadow | /etc/passwd | /etc/shadow | /etc/subuid | /etc/subgid) ;; *) false ;; esac
}
