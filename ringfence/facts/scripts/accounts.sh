# shellcheck shell=sh
# Prints the groups asked for, who is in them by any way, and which of the accounts asked for exist; or all
# that is to be known of one account of a service. It is never asked by reading all of passwd: where a name
# stands twice there, the system goes by the first.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
group() { # name
    entry=$(getent group -- "$1") || return 0
    entry=${entry#*:*:}
    gid=${entry%%:*}
    members=${entry#*:},
    printf 'group %s\n' "$1"
    while [ -n "$members" ]; do
        [ -z "${members%%,*}" ] || printf 'member %s %s\n' "$1" "${members%%,*}"
        members=${members#*,}
    done
    getent passwd | while IFS=: read -r user _ _ primary _; do
        [ "$primary" != "$gid" ] || printf 'primary %s %s\n' "$1" "$user"
    done
}
account() { # name
    if getent passwd -- "$1" >/dev/null; then printf 'account %s\n' "$1"; fi
}
service() { # name
    entry=$(getent passwd -- "$1") || return 0
    own=$(id -gn -- "$1")
    printf 'entries %s\n' "$(awk -F: -v name="$1" '$1 == name { n++ } END { print n + 0 }' /etc/passwd)"
    printf 'group %s\ngroups %s\n' "$own" "$(id -Gn -- "$1" | tr ' ' '\n' | grep -vxFe "$own" | tr '\n' ' ')"
    printf '%s\n' "$entry" | { IFS=: read -r _ _ _ _ comment home shell
        printf 'comment %s\nhome %s\nshell %s\n' "$comment" "$home" "$shell"; }
    if entry=$(getent shadow -- "$1"); then
        printf '%s\n' "$entry" | { IFS=: read -r _ password _ _ _ _ _ expires _
            case $password in '!'* | '*'*) state=locked ;; *) state=open ;; esac
            printf 'authentication %s\nexpires %s\n' "$state" "$expires"; }
    else
        printf 'authentication missing\nexpires \n'
    fi
}
printf 'ringfence-accounts\n'
