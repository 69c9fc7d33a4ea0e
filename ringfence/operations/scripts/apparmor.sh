# shellcheck shell=sh disable=SC2015
# Turns AppArmor on, and lets its profiles enforce. Needs the functions of tree.sh.
without_words() { # file: loses the words by which a kernel goes without AppArmor
    keep "$1"
    # A word is taken out wherever it stands: alone, between others, beside a quotation mark.
    sed -i -E ':again
        s/(^|[[:space:]"'\''=])(apparmor=(0|n|N|no|off)|security=[a-z]*)($|[[:space:]"'\''])/\1\4/;tagain
        s/(^|[[:space:]"'\''=])lsm=([a-z]+,)*[a-z]*($|[[:space:]"'\''])/\1\3/;tagain' "$1" || fail "cannot change $1"
    printf 'took what turns AppArmor off out of %s\n' "$1"
}
turn_on() { # file of a boot loader...
    for path; do without_words "$path"; done
    if [ -e /boot/grub/grub.cfg ] && command -v update-grub >/dev/null; then
        update-grub 2>&1 || fail "update-grub failed: the next boot may be without AppArmor"
    fi
    [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ||
        printf 'ringfence: AppArmor is off until this host is rebooted: ringfence cannot turn it on in a kernel that runs\n' >&2
}
without_flags() { # file: its profiles lose the flags that keep them from enforcing
    keep "$1"
    sed -i -E '/^[^#]*flags=\(/{
        :again
        s/(flags=\([^)]*)\b(complain|unconfined)\b[[:space:],]*/\1/;tagain
        s/(flags=\([^)]*[^[:space:],)])[[:space:],]+\)/\1)/
        s/[[:space:]]*flags=\([[:space:],]*\)//
    }' "$1" || fail "cannot change $1"
}
enforce() { # file
    without_flags "$1"
    load "$1"
    printf 'lets %s enforce\n' "$1"
}
load() { # file: alone, for all of them take a slow host a minute
    apparmor_parser --replace --write-cache -- "$1" || fail "the profile $1 cannot be loaded"
}
enforce_named() { # profile...: as `enforce`, for the files that hold them
    grep -lE '^[^#]*flags=\([^)]*complain' /etc/apparmor.d/* 2>/dev/null | while IFS= read -r path; do
        names=$(apparmor_parser -N -- "$path" 2>/dev/null)
        for name; do
            if printf '%s\n' "$names" | grep -qxF -- "$name"; then
                enforce "$path" || exit 1
                break
            fi
        done
    done || exit 1
    # What still complains was loaded so by hand, or by a link that is gone now.
    for name; do
        ! grep -qxF -- "$name (complain)" /sys/kernel/security/apparmor/profiles || load_profiles
    done
}
unlinked() { # link
    rm -f -- "$1" || fail "cannot remove $1"
    [ ! -f "/etc/apparmor.d/${1##*/}" ] || load "/etc/apparmor.d/${1##*/}"
    printf 'removed %s\n' "$1"
}
load_profiles() {
    systemctl reload-or-restart apparmor.service || fail "the profiles cannot be loaded: look at journalctl -u apparmor"
    printf 'loaded the profiles anew\n'
}
