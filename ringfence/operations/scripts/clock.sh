# shellcheck shell=sh disable=SC2015,SC2154
# Has a host show UTC, and ends what keeps the time beside chrony. Needs the functions of tree.sh.
show_utc() {
    zone=/usr/share/zoneinfo/Etc/UTC
    [ -f "$zone" ] || fail "there is no $zone: install tzdata"
    keep /etc/localtime
    [ ! -d /etc/localtime ] || [ -L /etc/localtime ] || remove /etc/localtime
    ln -sfn -- "$zone" "/etc/localtime.ringfence-$token" && mv -fT -- "/etc/localtime.ringfence-$token" /etc/localtime ||
        fail "cannot replace /etc/localtime"
    if [ -e /etc/timezone ]; then
        keep /etc/timezone
        printf 'Etc/UTC\n' >/etc/timezone || fail "cannot write /etc/timezone"
    fi
    printf 'the zone is UTC\n'
}
forget_zone() {
    systemctl unset-environment TZ || fail "the manager keeps its TZ"
    printf 'services that start from now on have no TZ of their own\n'
}
hardware_in_utc() {
    keep /etc/adjtime
    sed -i '3s/.*/UTC/' /etc/adjtime || fail "cannot write /etc/adjtime"
    # Whoever asks next starts it anew; one that runs tells what the file said when it was asked first.
    systemctl stop systemd-timedated.service || fail "cannot have systemd-timedated read /etc/adjtime anew"
    printf 'the clock of the hardware holds UTC\n'
}
end_service() { # unit
    systemctl stop -- "$1" || fail "cannot stop $1"
    printf 'stopped %s, which kept the time beside chrony\n' "$1"
}
end_process() { # number
    kill -- "$1" 2>/dev/null || :
    printf 'ended the process %s, which kept the time beside chrony\n' "$1"
}
