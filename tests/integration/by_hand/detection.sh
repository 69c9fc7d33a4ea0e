# shellcheck shell=sh disable=SC2154
# Who fails to log in is shut out, as somebody would arrange it who never saw Ringfence. Runs as root.
#
# Set by the caller: TRIES, WITHIN and OUT, numbers, the latter in seconds; SAFE, networks with spaces.
drop_guessers() {
    sed -i '/^table inet filter {/a\
    set guessing32 { type ipv4_addr; flags timeout; }\
    set guessing128 { type ipv6_addr; flags timeout; }\
    set stubborn32 { type ipv4_addr; flags timeout; }\
    set stubborn128 { type ipv6_addr; flags timeout; }
    /^    chain incoming {/,/^    }/s/^        jump from_others/\
        ip saddr @guessing32 drop\
        ip saddr @stubborn32 drop\
        ip6 saddr @guessing128 drop\
        ip6 saddr @stubborn128 drop\
&/' /etc/firewall/rules.nft
    nft -f /etc/firewall/rules.nft
}

watch_logins() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends fail2ban python3-systemd >/dev/null
    rm -f /etc/fail2ban/jail.d/*
    cat >/etc/fail2ban/action.d/site.conf <<'END'
[Definition]
actionban = nft add element inet filter <who><bits> { <ip> timeout <bantime>s }
actionunban = nft delete element inet filter <who><bits> { <ip> }

[Init]
who = guessing
bits = 32

[Init?family=inet6]
bits = 128
END
    cat >/etc/fail2ban/filter.d/guesses.conf <<'END'
[Definition]
prefregex = ^\s*\S+ sshd(?:-session)?\[(?P<mlfid>\d+)\]: <F-CONTENT>.+</F-CONTENT>$
failregex = ^Invalid user .* from <ADDR> port \d+$
            ^User \S+ from <ADDR> not allowed because
            ^Failed (?:password|keyboard-interactive/pam) for (?!invalid user )\S+ from <ADDR> port
            ^Connection (?:closed|reset) by authenticating user \S+ <ADDR> port \d+ \[preauth\]$
            ^Disconnected from authenticating user \S+ <ADDR> port \d+ \[preauth\]$
END
    printf '[Definition]\nfailregex = \\[(?:sshd|pam-generic)\\] Ban <ADDR>\\s*$\n' \
        >/etc/fail2ban/filter.d/stubborn.conf
    printf '[Definition]\nlogtarget = SYSTEMD-JOURNAL\n' >/etc/fail2ban/fail2ban.local
    cat >/etc/fail2ban/jail.local <<END
[DEFAULT]
backend = systemd
usedns = no
ignoreip = $SAFE
maxretry = $TRIES
findtime = $WITHIN
bantime = $OUT
banaction = site
action = site

[sshd]
enabled = true
filter = guesses
journalmatch = _SYSTEMD_UNIT=ssh.service

[pam-generic]
enabled = true
journalmatch = SYSLOG_FACILITY=10

[recidive]
enabled = true
filter = stubborn
journalmatch = _SYSTEMD_UNIT=fail2ban.service
maxretry = 3
findtime = 86400
bantime = 604800
action = site[who=stubborn]
END
    mkdir -p /etc/systemd/system/fail2ban.service.d
    cat >/etc/systemd/system/fail2ban.service.d/confined.conf <<'END' # it works on the packet filter and its own data
[Service]
LockPersonality=yes
NoNewPrivileges=yes
PrivateTmp=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
ReadWritePaths=/run /var
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
END
    systemctl daemon-reload
    systemctl enable fail2ban.service 2>/dev/null
    systemctl restart fail2ban.service
    systemctl start site-inventory.service # which names what is installed
}

drop_guessers
watch_logins
