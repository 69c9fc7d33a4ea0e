#!/bin/sh
# Run by mmdebstrap with the root of the new system as its argument, after the packages are installed.
# ROLE_PACKAGES names the packages that roles install: they are downloaded here, not installed, so that
# a deploy in the lab doesn't wait for the network (containers have none). sshd stays as Debian ships it.
set -eu
root=$1

chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash --password '*' deploy
install -d -m 700 -o 1000 -g 1000 "$root/home/deploy/.ssh"
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/deploy"
chmod 440 "$root/etc/sudoers.d/deploy"

# Every host gets a key of its own from its seed; a key in the image would be everybody's.
rm -f "$root"/etc/ssh/ssh_host_*

chroot "$root" systemctl enable systemd-networkd.service
chroot "$root" systemctl disable systemd-networkd-wait-online.service
cat > "$root/etc/systemd/network/20-dhcp.network" <<'END'
[Match]
Type=ether

[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
END

# A host that updates itself at a random hour holds dpkg's lock in the middle of a test.
chroot "$root" systemctl disable apt-daily.timer apt-daily-upgrade.timer
# Looks for LVM snapshots, which no lab host has, and takes an emulated machine half a minute.
chroot "$root" systemctl disable e2scrub_reap.service e2scrub_all.timer

# A container's seed is written before it starts. A machine finds its seed in QEMU's fw_cfg: once when
# it is booted for the image's snapshot, and again when a lab resumes that snapshot as a host of its own.
cat > "$root/usr/local/sbin/lab-seed" <<'END'
#!/bin/sh
# Takes in what makes this machine a host of its own, and leaves no trace of itself.
set -eu
seed=/sys/firmware/qemu_fw_cfg/by_name/opt/ringfence/seed/raw
generation=/sys/firmware/qemu_fw_cfg/by_name/opt/ringfence/generation/raw
seen=/run/lab-seed

take() {
    tar --extract --no-overwrite-dir --directory / --file "$seed"
    hostname --file /etc/hostname
}

case $1 in
first)
    modprobe qemu_fw_cfg
    cat "$generation" > "$seen"
    take
    ;;
again)
    read -r before < "$seen"
    now=$before
    while [ "$now" = "$before" ]; do
        sleep 0.3
        read -r now < "$generation"
    done
    take
    # Copies of one snapshot must not share what a boot makes unique.
    cat /root/.lab-entropy > /dev/urandom
    rm -f /root/.lab-entropy /etc/machine-id "$seen"
    systemd-machine-id-setup > /dev/null 2>&1
    for unit in lab-seed lab-reseed; do
        rm -f /etc/systemd/system/$unit.service /etc/systemd/system/*.target.wants/$unit.service
    done
    rm -f /usr/local/sbin/lab-seed
    systemctl daemon-reload
    systemctl restart systemd-journald.service systemd-networkd.service
    systemctl start ssh.service
    ;;
esac
END
chmod 755 "$root/usr/local/sbin/lab-seed"
cat > "$root/etc/systemd/system/lab-seed.service" <<'END'
[Unit]
Description=Take in this lab host's name, addresses and keys
ConditionVirtualization=!container
DefaultDependencies=no
Requires=local-fs.target
After=local-fs.target systemd-tmpfiles-setup.service
Before=sysinit.target network-pre.target systemd-networkd.service
Wants=network-pre.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/lab-seed first

[Install]
WantedBy=sysinit.target
END
cat > "$root/etc/systemd/system/lab-reseed.service" <<'END'
[Unit]
Description=Wait to become a host of a lab
ConditionVirtualization=!container
After=ssh.service

[Service]
ExecStart=/usr/local/sbin/lab-seed again

[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl enable lab-seed.service lab-reseed.service

chroot "$root" apt-get clean
found=
for package in ${ROLE_PACKAGES:-}; do
    # A name may be known to one release only.
    if chroot "$root" apt-cache show --no-all-versions "$package" > /dev/null 2>&1; then
        found="$found $package"
    fi
done
if [ -n "$found" ]; then
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install --yes --download-only $found
fi

# apt reads all that its lists tell of, for each call anew once something was installed: an emulated machine takes
# ten seconds for those of all of Debian. What this host could not install anyway goes out of them.
{
    # shellcheck disable=SC2016 # dpkg-query expands it
    chroot "$root" dpkg-query --show --showformat '${Package}\n'
    for archive in "$root"/var/cache/apt/archives/*.deb; do
        [ ! -e "$archive" ] || dpkg-deb --field "$archive" Package
    done
} | sort -u > "$root/tmp/carried"
for list in "$root"/var/lib/apt/lists/*_Packages; do
    awk -v carried="$root/tmp/carried" '
        BEGIN { RS = "\n"; while ((getline name < carried) > 0) known["Package: " name] = 1; RS = ""; ORS = "\n\n" }
        { first = $0; sub("\n.*", "", first) }
        first in known' "$list" > "$root/tmp/list"
    cat "$root/tmp/list" > "$list"
done
rm -f "$root/tmp/carried" "$root/tmp/list" "$root"/var/cache/apt/*.bin
chroot "$root" apt-cache gencaches
