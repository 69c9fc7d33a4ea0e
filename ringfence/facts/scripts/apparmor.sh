# shellcheck shell=sh disable=SC2015
# Prints what AppArmor does: profiles and modes, files that weaken them, processes past them. Texts are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
folder=/etc/apparmor.d
in_kernel=/sys/kernel/security/apparmor/profiles
kernel() { # whose the kernel is, and whether AppArmor is on in it
    if systemd-detect-virt --quiet --container; then
        printf 'container\n'
    else
        printf 'enabled %s\n' "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null || echo N)"
    fi
}
boot() { # files of boot loaders that turn it off
    for path in /etc/default/grub /etc/default/grub.d/*.cfg /etc/kernel/cmdline /boot/grub/grub.cfg \
        /boot/loader/entries/*.conf /boot/efi/loader/entries/*.conf; do
        [ -f "$path" ] || continue
        sed 's/#.*//' "$path" | grep -oE '[^[:space:]"'\''=]+(=[^[:space:]"'\'']*)?' | sed 's/^GRUB_CMDLINE_[A-Z_]*=//' | awk '
            /^apparmor=(0|n|N|no|off)$/ { found = 1 }
            /^security=/ && !/^security=apparmor$/ { found = 1 }
            /^lsm=/ && !/[=,]apparmor(,|$)/ { found = 1 }
            END { exit !found }' && printf 'off %s\n' "$(coded "$path")"
    done
    return 0
}
loaded() { # each profile in the kernel, and its mode
    ! systemctl --quiet is-active apparmor.service || printf 'active\n'
    [ -r "$in_kernel" ] || return 0
    while IFS= read -r line; do
        mode=${line##* (}
        printf 'loaded %s %s\n' "$(coded "${line% (*}")" "${mode%)}"
    done <"$in_kernel"
}
declared() { # each profile of the files, and those of changed files that don't enforce
    command -v apparmor_parser >/dev/null || return 0
    apparmor_parser -N -- "$folder" 2>/dev/null | while IFS= read -r name; do
        printf 'declared %s\n' "$(coded "$name")"
    done
    conffiles=$(dpkg-query -W -f='${Conffiles}\n' 2>/dev/null)
    grep -lZE '^[^#]*flags=\([^)]*(complain|unconfined)' "$folder"/* 2>/dev/null | xargs -0r md5sum -- | while read -r sum path; do
        # As its package brought it, a profile is judged by what the kernel has.
        printf '%s\n' "$conffiles" | grep -qF " $path $sum" && continue
        apparmor_parser -N -- "$path" 2>/dev/null | while IFS= read -r name; do
            printf 'weak %s %s\n' "$(coded "$path")" "$(coded "$name")"
        done
    done
    for path in "$folder"/disable/* "$folder"/force-complain/*; do
        { [ -e "$path" ] || [ -L "$path" ]; } && printf 'link %s\n' "$(coded "$path")"
    done
    return 0
}
past() { # processes whose program has a profile, and which run without
    [ -r "$in_kernel" ] || return 0
    sed 's/ ([a-z]*)$//' "$in_kernel" | grep '^/' | while IFS= read -r program; do
        for process in $(pidof -- "$program"); do
            case $(cat "/proc/$process/attr/apparmor/current" 2>/dev/null) in unconfined*) ;; *) continue ;; esac
            [ "$(readlink "/proc/$process/exe")" = "$program" ] || continue
            unit=$(sed -n 's,^0::.*system\.slice/\(.*/\)*\([^/]*\.service\)$,\2,p' "/proc/$process/cgroup")
            printf 'past %s %s %s\n' "$process" "$(coded "$program")" "${unit:--}"
        done
    done
    return 0
}
printf 'ringfence-apparmor\n'
