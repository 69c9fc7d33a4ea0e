# shellcheck shell=sh
# Prints whether GRUB starts this host, whether its menu has what a script of /etc/grub.d says, and which entries of it
# would wait for a password. Titles are base64.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
menu=/boot/grub/grub.cfg
own_part() { # script: what the menu has of it
    sed -n "\,^### BEGIN .*/${1##*/} ###,,\,^### END .*/${1##*/} ###,p" "$menu" | grep -v '^###'
}
passwords() { # how often the menu says who may change it: ours are a list of names and one password
    grep -cE '^[[:space:]]*((set[[:space:]]+)?superusers=|password(_pbkdf2)?[[:space:]])' "$menu"
}
waiting() { # menu: the entries that nobody starts without a password, where one is set
    grep -qE '^[[:space:]]*set superusers=.+' "$1" || return 0
    grep -E '^[[:space:]]*(menuentry|submenu)[[:space:]]' "$1" |
        grep -vE -- '--unrestricted|\$\{?menuentry_id_option'
}
menu() { # script
    if systemd-detect-virt --quiet --container; then printf 'container\n'; fi
    command -v grub-mkconfig >/dev/null && [ -f "$menu" ] || return 0
    printf 'grub\n'
    if [ -x "$1" ] && [ "$(own_part "$1")" = "$("$1")" ] && [ "$(passwords)" -eq 2 ]; then printf 'current\n'; fi
    waiting "$menu" | while IFS= read -r line; do
        printf 'waits %s\n' "$(printf '%s' "$line" | cut -c1-100 | base64 -w0)"
    done
}
printf 'ringfence-boot-loader\n'
