#!/bin/sh
# Hardens a stock Debian host as a person would who never saw Ringfence: other files, another
# access list, keys in the home, a shell that ends itself, a timer of one's own. Runs as root.
#
# Set by the caller: DECLARATION (JSON), BANNER, ACCOUNT, KEY (algorithm and text),
# LAST_DAY (YYYYMMDD), SOURCES (comma separated, or empty), PORT, GRACE, ATTEMPTS, SESSIONS, IDLE.
set -eu
umask 022

declare_host() {
    mkdir -p /etc/ringfence
    printf '%s\n' "$DECLARATION" >/etc/ringfence/host.json
    chown root:root /etc/ringfence/host.json
    chmod 0644 /etc/ringfence/host.json
}

write_inventory_script() {
    cat >/usr/local/sbin/take-inventory <<'END'
#!/bin/sh
set -eu
umask 077
folder=/var/lib/ringfence/inventory/latest
mkdir -p "$folder"
cd "$folder"
dpkg-query -W -f='${Package}\t${Version}\t${Architecture}\n' >packages.tsv
systemctl list-unit-files --state=enabled --no-legend --no-pager >units.txt
uname -r >kernel
cat /etc/os-release >os-release
ss -Htuln >listeners.txt
date -u +%Y-%m-%dT%H:%M:%SZ >taken-at
END
    chmod 0755 /usr/local/sbin/take-inventory
}

schedule_inventory() {
    cat >/etc/systemd/system/site-inventory.service <<'END'
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/take-inventory
END
    cat >/etc/systemd/system/site-inventory.timer <<'END'
[Timer]
OnCalendar=03:15
Persistent=true
[Install]
WantedBy=timers.target
END
    systemctl daemon-reload
    systemctl enable --now site-inventory.timer
}

limit_keys() {
    home=$(getent passwd "$ACCOUNT" | cut -d: -f6)
    options="expiry-time=\"${LAST_DAY}2359\""
    [ -z "$SOURCES" ] || options="from=\"$SOURCES\",$options"
    printf '# only this key\n%s %s %s\n' "$options" "$KEY" "$ACCOUNT" >"$home/.ssh/authorized_keys"
    chown -R "$ACCOUNT:" "$home/.ssh"
    chmod -R go-rwx "$home/.ssh"
}

end_idle_shells() {
    printf 'TMOUT=%s\nreadonly TMOUT\nexport TMOUT\n' "$IDLE" >/etc/profile.d/idle.sh
}

configure_sshd() {
    printf '%s\n' "$BANNER" >/etc/ssh/warning
    cat >/etc/ssh/sshd_config.d/10-logins.conf <<END
Port $PORT
PermitRootLogin no
PasswordAuthentication no
PermitEmptyPasswords no
AllowUsers $ACCOUNT
AuthorizedKeysFile %h/.ssh/authorized_keys
LoginGraceTime $GRACE
MaxAuthTries $ATTEMPTS
MaxStartups 5:50:20
Banner /etc/ssh/warning
LogLevel VERBOSE
END
    cat >/etc/ssh/sshd_config.d/20-algorithms.conf <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKeyAlgorithms ssh-ed25519
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org
Ciphers aes256-gcm@openssh.com
MACs hmac-sha2-512-etm@openssh.com
END
    cat >/etc/ssh/sshd_config.d/30-sessions.conf <<END
MaxSessions $SESSIONS
ClientAliveInterval 60
ClientAliveCountMax 2
X11Forwarding no
AllowAgentForwarding no
AllowTcpForwarding no
AllowStreamLocalForwarding no
Match User $ACCOUNT
    PermitTTY yes
END
    rm -f /etc/ssh/ssh_host_ecdsa_key* /etc/ssh/ssh_host_rsa_key*
    sshd=$(command -v sshd || echo /usr/sbin/sshd)
    "$sshd" -t
    systemctl reload ssh
}

declare_host
limit_keys
end_idle_shells
configure_sshd
write_inventory_script
schedule_inventory
systemctl start site-inventory.service
