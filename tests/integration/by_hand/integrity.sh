# shellcheck shell=sh
# Files are compared with a baseline, as somebody would arrange it who never saw Ringfence. Runs as root.
write_comparison() {
    cat >/etc/ringfence/aide.conf <<'END'
database_in=file:/var/lib/ringfence/integrity/database
database_out=file:/var/lib/ringfence/integrity/next
gzip_dbout=yes
report_format=json
report_url=stdout
log_level=error
/boot ftype+p+u+g+sha512
/etc/(passwd|shadow)-$ ftype
/etc/resolv\.conf$ ftype
/etc ftype+p+u+g+sha512
/usr/(bin|sbin|lib|local) ftype+p+u+g+sha512
END
    chmod 0600 /etc/ringfence/aide.conf
    cat >/usr/local/sbin/compare-files <<'END'
#!/bin/sh
umask 077
mkdir -p /var/lib/ringfence/integrity/latest
cd /var/lib/ringfence/integrity/latest || exit 1
sha256sum ../database | cut -d' ' -f1 >database
date -u +%Y-%m-%dT%H:%M:%SZ >taken-at
debsums -s >packages 2>&1
aide --check --config /etc/ringfence/aide.conf >report
[ $? -lt 14 ]
END
    chmod 0755 /usr/local/sbin/compare-files
}

compare_each_night() {
    printf '[Service]\nType=oneshot\nExecStart=/usr/local/sbin/compare-files\n' \
        >/etc/systemd/system/site-integrity.service
    printf '[Timer]\nOnCalendar=04:30\n[Install]\nWantedBy=timers.target\n' \
        >/etc/systemd/system/site-integrity.timer
    systemctl daemon-reload
    systemctl enable --now site-integrity.timer 2>/dev/null
}

compare_files() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends aide debsums >/dev/null
    chmod go= /etc/cron.* # debsums brings more of them
    write_comparison
    compare_each_night
    systemctl start site-inventory.service # which names what is installed
    mkdir -p /var/lib/ringfence/integrity
    chmod 0700 /var/lib/ringfence/integrity
    (
        umask 077
        aide --init --config /etc/ringfence/aide.conf >/dev/null
        mv /var/lib/ringfence/integrity/next /var/lib/ringfence/integrity/database
    )
    systemctl start site-integrity.service
}

compare_files
