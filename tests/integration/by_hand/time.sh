# shellcheck shell=sh disable=SC2154
# Whose time counts, as somebody would arrange it who never saw Ringfence. Runs as root.
#
# Set by the caller: TIME_SERVERS, the addresses to ask, and TIME_CLIENTS, those that may ask, with spaces.
keep_time() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chrony >/dev/null
    {
        for address in $TIME_SERVERS; do echo "server $address iburst maxpoll 6"; done
        for address in $TIME_CLIENTS; do echo "allow $address"; done
        [ -z "$TIME_CLIENTS" ] && echo "port 0" || echo "local stratum 10"
        echo "driftfile /var/lib/chrony/chrony.drift"
        echo "cmdport 0"
        echo "rtcsync"
    } >/etc/chrony/chrony.conf
    echo 'DAEMON_OPTS="-F 1"' >/etc/default/chrony
    if systemd-detect-virt --quiet --container; then # whose clock is another computer's
        echo 'DAEMON_OPTS="-F 1 -x"' >/etc/default/chrony
        sed '/^ConditionCapability=/d; /^NoNewPrivileges=/d; s/^\[Service\]$/&\nNoNewPrivileges=yes/' \
            /lib/systemd/system/chrony.service >/etc/systemd/system/chrony.service
        systemctl daemon-reload
    fi
    systemctl mask --now systemd-timesyncd.service chronyd-restricted.service 2>/dev/null
    systemctl enable chrony.service 2>/dev/null
    systemctl restart chrony.service
    systemctl start site-inventory.service # which names what is installed
}

keep_time
