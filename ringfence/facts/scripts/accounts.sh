# shellcheck shell=sh
# Prints the groups asked for, who is in them by any way, and which of the accounts asked for exist.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
group() { # name
    entry=$(getent group -- "$1") || return 0
    gid=$(printf '%s' "$entry" | cut -d: -f3)
    printf 'group %s\n' "$1"
    printf '%s\n' "$entry" | cut -d: -f4 | tr ',' '\n' | while IFS= read -r member; do
        [ -z "$member" ] || printf 'member %s %s\n' "$1" "$member"
    done
    getent passwd | while IFS=: read -r user _ _ primary _; do
        [ "$primary" != "$gid" ] || printf 'primary %s %s\n' "$1" "$user"
    done
}
account() { # name
    if getent passwd -- "$1" >/dev/null; then printf 'account %s\n' "$1"; fi
}
printf 'ringfence-accounts\n'
