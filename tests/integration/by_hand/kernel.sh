# shellcheck shell=sh
# What the kernel does with packets and with the memory of what dies, as somebody would set it who never
# saw Ringfence. Runs as root, and counts from the next boot on.
set_network() {
    cat >/etc/sysctl.d/99-site.conf <<'END'
net.ipv4.icmp_echo_ignore_broadcasts = 1
net.ipv4.icmp_ignore_bogus_error_responses = 1
net.ipv4.tcp_syncookies = 1
END
    for interface in all default $(ls /sys/class/net); do
        for setting in ipv4:accept_redirects=0 ipv4:secure_redirects=0 ipv4:send_redirects=0 \
            ipv4:accept_source_route=0 ipv4:log_martians=1 ipv4:rp_filter=1 \
            ipv6:accept_redirects=0 ipv6:accept_source_route=0 ipv6:accept_ra=0; do
            echo "net.${setting%%:*}.conf.$interface.${setting#*:}"
        done
    done >>/etc/sysctl.d/99-site.conf
    sysctl --quiet --load /etc/sysctl.d/99-site.conf
}

forbid_dumps() {
    rm -f /etc/security/limits.d/10-coredump-debian.conf
    echo '* - core 0' >/etc/security/limits.d/site.conf
    echo 'root - core 0' >>/etc/security/limits.d/site.conf
    for place in system.conf.d user.conf.d; do
        mkdir -p "/etc/systemd/$place"
        printf '[Manager]\nDefaultLimitCORE=0\n' >"/etc/systemd/$place/site.conf"
    done
}

set_network
forbid_dumps
