# shellcheck shell=sh disable=SC2154
# The accounts of a host, as somebody would make them who never saw Ringfence. Runs as root.
#
# Set by the caller: PEOPLE, a line each: login name, its groups (comma separated, or -), full name;
# ACCOUNT, IDLE, INACTIVE_DAYS, and DUTIES, a line each: group and its commands.
make_people() {
    useradd --defaults --inactive 7
    printf '%s\n' "$DUTIES" | while read -r group _; do [ -z "$group" ] || groupadd --force "$group"; done
    printf '%s\n' "$PEOPLE" | while read -r name groups full_name; do
        useradd --create-home --shell /bin/sh --comment "$full_name" "$name"
        [ "$groups" = - ] || usermod --append --groups "$groups" "$name"
    done
}

limit_sudo() {
    groupadd --force --system nobody-may-su
    {
        printf '%s\n' 'Defaults use_pty, logfile=/var/log/sudo-commands, timestamp_timeout=2'
        echo 'root ALL=(ALL:ALL) ALL'
        printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$ACCOUNT"
        printf '%s\n' "$DUTIES" | sed -n 's/^\([^ ]*\) \(.*\)/%\1 ALL=(root) \2/p'
        echo '@includedir /etc/sudoers.d'
    } >/etc/sudoers.site
    chmod 0440 /etc/sudoers.site
    visudo -cqf /etc/sudoers.site
    mv /etc/sudoers.site /etc/sudoers
    rm -f /etc/sudoers.d/*
    sed -i '/^auth.*pam_rootok/a auth required pam_wheel.so use_uid group=nobody-may-su' /etc/pam.d/su
    sudo --user "$ACCOUNT" sudo -n true
}

end_shells() {
    printf 'umask 077\n' >/etc/profile.d/umask.sh
}

record_logins() {
    if [ "$(sed -n 's/^VERSION_ID="\([0-9]*\).*/\1/p' /etc/os-release)" -ge 13 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends lastlog2 libpam-lastlog2
    else
        echo 'session optional pam_lastlog.so silent' >>/etc/pam.d/sshd
    fi
}

close_inactive() {
    cat >/etc/systemd/system/site-inactive.service <<'END_OF_UNIT'
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/close-inactive
END_OF_UNIT
    cat >/etc/systemd/system/site-inactive.timer <<'END_OF_UNIT'
[Timer]
OnCalendar=04:10
[Install]
WantedBy=timers.target
END_OF_UNIT
    cat >/usr/local/sbin/close-inactive <<END_OF_SCRIPT
#!/bin/sh
program=\$(command -v lastlog2 || command -v lastlog)
getent passwd | while IFS=: read -r name _ uid _; do
    [ "\$uid" -ge 1000 ] && [ "\$uid" -lt 60000 ] && [ "\$name" != "$ACCOUNT" ] || continue
    changed=\$(getent shadow "\$name" | cut -d: -f3)
    [ \$((\$(date +%s) / 86400 - changed)) -gt $INACTIVE_DAYS ] || continue
    [ -n "\$(\$program -u "\$name" -t $INACTIVE_DAYS | sed 1d)" ] || usermod --expiredate 1 "\$name"
done
END_OF_SCRIPT
    chmod 0755 /usr/local/sbin/close-inactive
    systemctl daemon-reload
    systemctl enable --now site-inactive.timer
}

make_people
limit_sudo
end_shells
record_logins
close_inactive
