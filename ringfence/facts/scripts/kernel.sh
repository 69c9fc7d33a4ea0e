# shellcheck shell=sh disable=SC2015
# Prints what the kernel is told: modules, settings now and in files, mount options. Texts are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
kind() { # whose the kernel is
    if systemd-detect-virt --quiet --container; then printf 'container\n'; fi
}
loaded() { # module...: those that are loaded, and those of them that something holds
    [ -e /proc/modules ] || return 0 # a kernel that can load none
    for module; do
        awk -v module="$module" '{ name = $1; gsub("_", "-", name) }
            name == module { print ($3 == "0" && !/\[permanent\]/ ? "loaded" : "held"), name }' /proc/modules 2>/dev/null || :
    done
}
values() { # name...: each setting that is there, with its value and whether it can be changed
    for name; do
        rest=$name path=/proc/sys
        while [ "$rest" != "${rest#*.}" ]; do path=$path/${rest%%.*} rest=${rest#*.}; done
        for path in $path/$rest; do
            [ -r "$path" ] || continue
            [ -w "$path" ] && can=open || can=fixed
            value=$(cat -- "$path" 2>/dev/null) # `read` takes a byte at a time, which the kernel may refuse
            case $value in *[!0-9-]*) value=$(coded "$value") ;; *) value="=$value" ;; esac
            # Most paths need no process: the kernel lets an interface's name have more than these characters.
            case $path in *[!A-Za-z0-9/._-]*) path=$(coded "$path") ;; *) path="=$path" ;; esac
            printf 'value =%s %s %s %s\n' "$name" "$path" "$can" "$value"
        done
    done
}
vanishing() { # whether /etc/sysctl.conf sets something, and is not read at boot
    grep -qsE '^[[:space:]]*[^#;[:space:]]' /etc/sysctl.conf || return 0
    for path in /etc/sysctl.d/*.conf; do
        [ "$(realpath -- "$path")" != /etc/sysctl.conf ] || return 0
    done
    printf 'vanishing\n'
}
lines() { # our file: every setting in the other files of an administrator
    own=$1
    for path in /etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf; do
        [ -f "$path" ] && [ "$path" != "$own" ] && [ ! -L "$path" ] || continue
        grep -nE '^[[:space:]]*[^#;[:space:]]' "$path" | while IFS= read -r line; do
            printf 'line %s %s\n' "$(coded "$path")" "$(coded "$line")"
        done
    done
}
advertised() { # interfaces whose default route is a router's advertisement, taken by the kernel
    for switch in /proc/sys/net/ipv6/conf/*/accept_ra; do
        device=${switch%/accept_ra} device=${device##*/}
        case $device in all | default) continue ;; esac
        [ "$(cat "$switch")" = 0 ] || [ -z "$(ip -6 route show default proto ra dev "$device" 2>/dev/null)" ] ||
            printf 'advertised %s\n' "$device"
    done
}
mounted() { # directory...: options of the mount that it is, if it is one
    for path; do
        [ -d "$path" ] && [ ! -L "$path" ] || continue
        mountpoint -q "$path" && options=$(findmnt -n -o VFS-OPTIONS --mountpoint "$path" | tail -n 1) || options=
        printf 'mounted %s %s\n' "$(coded "$path")" "${options:--}"
    done
}
printf 'ringfence-kernel\n'
