#!/bin/sh
# Runs one container until it is powered off: container.sh HOST FOLDER IMAGE CGROUP BRIDGE
# HOST    the host's name
# FOLDER  its own folder: upper/ holds what it changed
# IMAGE   the image's tree, the lower layer
# CGROUP  a cgroup (version 2) of its own
# BRIDGE  the bridge to be put on, in this network namespace
# Runs in a mount namespace of its own (unshare --mount), so that its mounts end with it.
set -eu
host=$1 folder=$2 image=$3 cgroup=$4 bridge=$5

cd "$folder"
echo $$ > "$cgroup/cgroup.procs"
# Relative names: a colon or a comma in the site's path would end the option.
mkdir -p root upper work image
mount --bind "$image" image
mount -t overlay overlay -o lowerdir=image,upperdir=upper,workdir=work root

# systemd of Debian 13 refuses cgroup version 1. With version 2 mounted here, nspawn gives it version 2
# whatever this machine uses itself; its notes on mounts and locks stay out of the machine's /run.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd
mount -t tmpfs -o mode=755 tmpfs /run/systemd
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_LOCK=0

tun=
[ ! -c /dev/net/tun ] || tun=--bind=/dev/net/tun

while :; do
    status=0
    # Connections that a firewall cut off keep the old network, and its end of the cable, for minutes.
    ip link delete "vb-$host" 2>/dev/null || :
    systemd-nspawn --quiet --boot --directory=root --machine="$host" --console=pipe \
        --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off \
        --network-bridge="$bridge" --capability=CAP_NET_ADMIN $tun || status=$?
    # 133 means that it wants to be started again (systemd-nspawn(1), --keep-unit).
    [ "$status" -eq 133 ] || exit "$status"
done
