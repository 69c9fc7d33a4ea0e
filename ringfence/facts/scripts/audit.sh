# shellcheck shell=sh disable=SC2015
# Prints what the kernel records, who takes the records and who may read them, how the kernel is booted. Texts are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
kind() { # whose the kernel is
    if systemd-detect-virt --quiet --container; then printf 'container\n'; fi
}
status() { # the kernel's side, by the kernel's names; the process that takes the records
    command -v auditctl >/dev/null || return 0
    # No counts that change all the time: a plan remembers the answers of a host that needs nothing.
    auditctl -s 2>/dev/null | while read -r name value; do
        case $name in enabled | failure | pid | lost | rate_limit | backlog_limit | backlog_wait_time | loginuid_immutable)
            printf 'status %s %s\n' "$name" "$value" ;;
        esac
    done
    printf 'main %s\n' "$(systemctl show -p MainPID --value auditd.service)"
}
rules() { # what the kernel records
    command -v auditctl >/dev/null || return 0
    auditctl -l 2>/dev/null | grep '^-' | while IFS= read -r line; do
        printf 'rule %s\n' "$(coded "$line")"
    done
}
present() { # path...: those that are there, and no links
    for path; do
        [ ! -L "$path" ] || continue
        if [ -d "$path" ]; then
            printf 'directory %s\n' "$(coded "$path")"
        elif [ -e "$path" ]; then
            printf 'file %s\n' "$(coded "$path")"
        fi
    done
}
line() { # word...: those that the running kernel's line lacks, and what a boot gives it
    running=" $(cat /proc/cmdline) "
    for word; do
        case $running in *" $word "*) ;; *) printf 'lacks %s\n' "$word" ;; esac
    done
    command -v update-grub >/dev/null && [ -e /etc/default/grub ] || return 0
    printf 'grub\n'
    grep -sE '^[[:space:]]*linux[[:space:]]' /boot/grub/grub.cfg | while IFS= read -r entry; do
        for word; do
            case "$entry " in *" $word "*) ;; *) printf 'forgets %s\n' "$word" ;; esac
        done
    done | sort -u
}
due() { # reason...: which of them a marker tells that a reboot is due for
    for reason; do
        [ ! -e "/run/ringfence-reboot/$reason" ] || printf 'due %s\n' "$reason"
    done
}
covered() { # path: whether something is mounted over it
    while read -r _ _ _ _ point _; do
        [ "$point" != "$1" ] || printf 'covered\n'
    done </proc/self/mountinfo
}
open_records() { # directory: what others than root may read or enter in it; links are told by verifying
    [ -d "$1" ] || return 0
    find "$1" -xdev ! -type l \( ! -uid 0 -o ! -gid 0 -o -type d -perm /077 -o ! -type d -perm /177 \) -print |
        while IFS= read -r path; do
            kind='file'
            [ ! -d "$path" ] || kind='directory'
            printf '%s %s\n' "$kind" "$(coded "$path")"
        done
}
late_mounts() { # unit...: those of local file systems that a boot may mount late (nofail in fstab)
    for unit; do
        [ -n "$(systemctl show -p FragmentPath --value -- "$unit")" ] || continue
        # auditd starts before the network: it can't wait for what waits for that.
        case " $(systemctl show -p After --value -- "$unit") " in
            *' remote-fs-pre.target '* | *' network.target '* | *' network-online.target '*) ;;
            *) printf 'mount %s\n' "$(coded "$unit")" ;;
        esac
    done
}
printf 'ringfence-audit\n'
