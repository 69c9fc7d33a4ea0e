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

# A machine finds its seed in QEMU's fw_cfg; a container's is written before it starts.
cat > "$root/usr/local/sbin/lab-seed" <<'END'
#!/bin/sh
# Takes in what makes this machine a host of its own, once, and leaves no trace of itself.
set -eu
modprobe qemu_fw_cfg
tar --extract --no-overwrite-dir --directory / --file /sys/firmware/qemu_fw_cfg/by_name/opt/ringfence/seed/raw
hostname --file /etc/hostname
rm -f /etc/systemd/system/lab-seed.service /etc/systemd/system/sysinit.target.wants/lab-seed.service
rm -f /usr/local/sbin/lab-seed
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
ExecStart=/usr/local/sbin/lab-seed

[Install]
WantedBy=sysinit.target
END
chroot "$root" systemctl enable lab-seed.service

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
