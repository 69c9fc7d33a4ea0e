# shellcheck shell=sh
# LOG-05: the journal on disk, sealed; the key that checks the seals goes to whoever runs this.
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends libgcrypt20 >/dev/null
mkdir -p /etc/systemd/journald.conf.d
cat >/etc/systemd/journald.conf.d/50-site.conf <<'END'
[Journal]
Storage=persistent
SplitMode=none
Compress=yes
Seal=yes
SystemMaxUse=1000M
RateLimitIntervalSec=0
RateLimitBurst=0
MaxLevelStore=debug
END
install -d -m 2755 -g systemd-journal /var/log/journal
systemctl mask --now systemd-journald-audit.socket 2>/dev/null
systemctl restart systemd-journald.service
(
    umask 077
    journalctl --flush
    journalctl --setup-keys --force >/run/site-seal 2>/dev/null
)
chmod 600 "/var/log/journal/$(cat /etc/machine-id)/fss"
journalctl --rotate
find /var/log/journal -type f ! -name fss -exec chown root:systemd-journal {} + -exec chmod 640 {} +
