# shellcheck shell=sh disable=SC2154
# What a host shows and schedules, as somebody would arrange it who never saw Ringfence. Runs as root.
#
# Set by the caller: NOTICE and DUTIES_OF_ALL, texts; WIRELESS, yes where the host may use Wi-Fi.
close_schedules() {
    for table in /etc/crontab /etc/cron.*; do
        [ ! -e "$table" ] || chmod go-rwx "$table"
    done
    for list in cron at; do
        rm -f "/etc/$list.deny"
        (umask 077 && echo root >"/etc/$list.allow")
    done
}

show_notices() {
    rm -rf /etc/issue.d /etc/motd.d
    rm -f /etc/update-motd.d/*
    printf '%s\n' "$NOTICE" >/etc/issue
    printf '%s\n' "$DUTIES_OF_ALL" >/etc/motd
}

hide_cards() {
    mkdir -p /etc/NetworkManager
    printf '[connection]\nwifi.cloned-mac-address=random\n' >>/etc/NetworkManager/NetworkManager.conf
}

close_schedules
show_notices
[ "$WIRELESS" = no ] || hide_cards
