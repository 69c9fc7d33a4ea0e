#!/bin/sh
# Hardens a stock Debian host as a person would who never saw Ringfence: other files, another
# access list, keys in the home, a shell that ends itself, a timer of one's own. Runs as root.
#
# Set by the caller: DECLARATION (JSON), BANNER, ACCOUNT, KEY (algorithm and text),
# LAST_DAY (YYYYMMDD), SOURCES (comma separated, or empty), PORT, GRACE, ATTEMPTS, SESSIONS, IDLE,
# DATA (path and group, a line each).
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
    # What is done by hand takes an inventory after each thing: more often than systemd allows.
    cat >/etc/systemd/system/site-inventory.service <<'END'
[Unit]
StartLimitIntervalSec=0
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

# The packet filter, and the account that verifies.
#
# Set by the caller: PATHS (lines of `in|out tcp|udp PORT ADDRESS`), DHCP (yes or no), LOGGED (lines a
# second), VERIFIER, VERIFIER_COMMAND, VERIFIER_KEY, VERIFIER_LAST_DAY, VERIFIER_SOURCES.

paths() {
    echo "$PATHS" | while read -r way protocol number address; do
        [ "$way" = "$1" ] || continue
        case $address in *:*) family=ip6 ;; *) family=ip ;; esac
        echo "        $protocol dport $number $family $2 $address accept"
    done
}

by_dhcp() {
    [ "$DHCP" = yes ] || return 0
    printf '        udp dport %s udp sport %s accept\n' "$1" "$2" "$3" "$4"
}

filter_packets() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-download nftables >/dev/null
    mkdir -m 0700 /etc/firewall
    cat >/etc/firewall/rules.nft <<END
flush ruleset
table inet filter {
    chain from_others {
$(paths in saddr)
        icmp type echo-request limit rate 20/second burst 5 packets accept
        icmpv6 type echo-request limit rate 20/second burst 5 packets accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept
        icmpv6 type { mld2-listener-report, mld-listener-query, mld-listener-report } accept
$(by_dhcp 68 67 546 547)
    }
    chain to_others {
$(paths out daddr)
        icmp type echo-request accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, echo-request, mld-listener-report, mld2-listener-report } accept
$(by_dhcp 67 68 547 546)
    }
    chain incoming {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ct state { established, related } accept
        jump from_others
        limit rate $LOGGED/second log prefix "GOTDROP "
    }
    chain passing {
        type filter hook forward priority 0; policy drop;
        limit rate $LOGGED/second log prefix "PASSDROP "
    }
    chain outgoing {
        type filter hook output priority 0; policy drop;
        oif lo accept
        ct state { established, related } accept
        jump to_others
        limit rate $LOGGED/second log prefix "SENDDROP "
    }
}
END
    chmod 0400 /etc/firewall/rules.nft
    cat >/etc/systemd/system/nftables.service <<'END'
[Unit]
DefaultDependencies=no
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/firewall/rules.nft
[Install]
WantedBy=sysinit.target
END
    printf 'net.ipv4.ip_forward=0\nnet.ipv6.conf.all.forwarding=0\n' >/etc/sysctl.d/90-no-router.conf
    systemctl daemon-reload
    # The kernel must know the connection of who works here before its packets are judged.
    nft add table inet known '{ chain seen { type filter hook input priority 0; ct state new accept; }; }'
    sleep 1
    echo "the packet filter comes now"
    sleep 2
    systemctl enable --now nftables.service
}

HIDDEN="-/etc/shadow- -/etc/gshadow- -/root/.ssh -/etc/ssl/private -/etc/wireguard -/var/backups"
HIDDEN="$HIDDEN -/var/lib/ringfence/previous -/var/lib/ringfence/states -/var/lib/ringfence/guard"

make_verifier() {
    home=/var/lib/asks
    useradd --system --home-dir $home --create-home --shell /bin/sh --user-group "$VERIFIER"
    options="restrict,command=\"$VERIFIER_COMMAND\",expiry-time=\"${VERIFIER_LAST_DAY}2359\""
    [ -z "$VERIFIER_SOURCES" ] || options="from=\"$VERIFIER_SOURCES\",$options"
    mkdir -m 0700 $home/.ssh
    printf '%s %s asks\n' "$options" "$VERIFIER_KEY" >$home/.ssh/authorized_keys
    chmod 0600 $home/.ssh/authorized_keys
    chown -R "$VERIFIER:" $home
    mkdir -p "$(dirname "$VERIFIER_COMMAND")"
    printf '#!/bin/sh\nexec sudo -n /usr/local/sbin/confined-shell\n' >"$VERIFIER_COMMAND"
    cat >/usr/local/sbin/confined-shell <<END
#!/bin/sh
# Runs what stands on its input, where nothing can be written and no key or hash be read, and for five
# minutes at most.
exec systemd-run --quiet --wait --pipe --collect --property=User=$VERIFIER \\
    --property=ProtectSystem=strict --property=ProtectHome=read-only --property=PrivateTmp=yes \\
    --property=PrivateDevices=yes --property=NoNewPrivileges=yes --property=RestrictNamespaces=yes \\
    --property=SystemCallFilter=@system-service --property=IPAddressDeny=any \\
    --property=CapabilityBoundingSet= --property=AmbientCapabilities= \\
    --property=InaccessiblePaths='$HIDDEN' \\
    --property=RuntimeMaxSec=300 --property=MemoryMax=256M --property=TasksMax=100 /bin/sh -s
END
    chmod 0755 "$VERIFIER_COMMAND" /usr/local/sbin/confined-shell
    echo "$VERIFIER ALL = (root) NOPASSWD: /usr/local/sbin/confined-shell \"\"" >/etc/sudoers.d/asks
    chmod 0440 /etc/sudoers.d/asks
    sed -i "s/^AllowUsers .*/& $VERIFIER/" /etc/ssh/sshd_config.d/10-logins.conf
    systemctl reload ssh
}

filter_packets
make_verifier
systemctl start site-inventory.service

# SSH-05: a bastion asks people for a code after the key, and the accounts of programs for none.
ask_people_for_codes() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qy libpam-google-authenticator
    mkdir -m 700 /root/second-factors
    sed -i '/^@include common-auth/c\
auth requisite pam_google_authenticator.so secret=/root/second-factors/%u user=root\
auth required pam_permit.so' /etc/pam.d/sshd
    cat >/etc/ssh/sshd_config.d/40-codes.conf <<END
Match User *,!$ACCOUNT,!$VERIFIER
    AuthenticationMethods publickey,keyboard-interactive:pam
    KbdInteractiveAuthentication yes
END
    /usr/sbin/sshd -t
    systemctl reload ssh
    systemctl start site-inventory.service
}

case $DECLARATION in *'"bastion"'*) ask_people_for_codes ;; esac

# Permissions: data, homes, and a search of the disk that a script of one's own makes.

close_data() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes acl libcap2-bin >/dev/null
    printf '%s' "$DATA" | while read -r path group; do
        addgroup --system --quiet "$group" 2>/dev/null || groupadd -r "$group"
        install -d -o root -g "$group" -m 2750 "$path"
        setfacl -d -m u::rwx,g::rx,o::- "$path"
    done
}

close_homes() {
    chmod 0700 /root
    for home in /home/*; do chmod 0700 "$home"; done
}

write_search_script() {
    cat >/usr/local/sbin/search-permissions <<'END'
#!/bin/sh
set -eu
umask 077
folder=/var/lib/ringfence/permissions/latest
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"
disks() { find / -path /proc -prune -o -path /sys -prune -o "$@" 2>/dev/null || true; }
disks -type f -perm /6000 -exec stat -c '%a %U:%G %n' {} + >privileged
disks -type f -perm /111 -exec getcap {} + >capabilities
disks '(' -type f -perm -2 -o -type d -perm -2 ! -perm -1000 ')' -print >open
disks '(' -nouser -o -nogroup ')' -print >unowned
date -u +%Y-%m-%dT%H:%M:%SZ >taken-at
END
    chmod 0755 /usr/local/sbin/search-permissions
}

schedule_search() {
    cat >/etc/systemd/system/site-permissions.service <<'END'
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/search-permissions
END
    cat >/etc/systemd/system/site-permissions.timer <<'END'
[Timer]
OnCalendar=04:15
Persistent=true
[Install]
WantedBy=timers.target
END
    systemctl daemon-reload
    systemctl enable --now site-permissions.timer
}

close_data
close_homes
write_search_script
schedule_search
systemctl start site-permissions.service
systemctl start site-inventory.service
