# shellcheck shell=sh
# Prints what the host's keys for sshd are, and which accounts keep an authorized_keys of their own.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
host_key() { # number path
    if [ -L "$2" ] || [ ! -f "$2" ]; then
        printf 'key %s absent\n' "$1"
        return
    fi
    # Through a pipe, because ssh-keygen refuses to read a private key whose mode is too open.
    public=$(cat -- "$2" | ssh-keygen -y -P '' -f /dev/stdin 2>/dev/null | cut -d' ' -f1,2)
    bits=$(printf '%s\n' "$public" | ssh-keygen -lf /dev/stdin 2>/dev/null | cut -d' ' -f1)
    pair=differs
    if [ -n "$public" ] && [ "$public" = "$(cut -d' ' -f1,2 -- "$2.pub" 2>/dev/null)" ]; then pair=matches; fi
    printf 'key %s %s %s %s %s\n' "$1" "${public%% *}:${bits:-0}" "$pair" \
        "$(stat -c '%a:%U:%G' -- "$2")" "$(stat -c '%a:%U:%G' -- "$2.pub" 2>/dev/null || printf absent)"
}
personal_keys() {
    getent passwd | while IFS=: read -r user _ _ _ _ home _; do
        for name in authorized_keys authorized_keys2; do
            file=$home/.ssh/$name
            [ -e "$file" ] || [ -L "$file" ] || continue
            printf 'personal %s %s ' "$user" "$name"
            head -c 262144 -- "$file" 2>/dev/null | base64 -w0
            printf '\n'
        done
    done
}
key_files() { # directory
    for file in "$1"/* "$1"/.[!.]*; do
        if [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
        printf 'file %s %s\n' "$(coded "${file##*/}")" "$(coded "$(head -c 262144 -- "$file" 2>/dev/null)")"
    done
}
other_servers() { # unit: every listening sshd of this host, not of a container's, outside that unit
    for process in /proc/[0-9]*; do
        case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in 'sshd: '*' [listener]'*) ;; *) continue ;; esac
        for space in pid net; do
            [ "$(readlink "$process/ns/$space")" = "$(readlink "/proc/1/ns/$space")" ] || continue 2
        done
        owner=$(sed -n 's#^\(0:\|[0-9]*:name=systemd\):.*/\([^/]*\.service\)$#\2#p' "$process/cgroup" | head -n 1)
        [ "$owner" = "$1" ] || printf 'server %s %s\n' "${process#/proc/}" "$owner"
    done
}
printf 'ringfence-ssh\n'
