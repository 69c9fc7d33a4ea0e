# shellcheck shell=sh
# Prints how a host's journal is sealed, and what is mounted over the files of a directory.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
sealing() { # file of a verification key that waits
    echo ringfence-journal
    id=$(cat /etc/machine-id 2>/dev/null || :)
    case $(stat -c '%s %a %U' -- "/var/log/journal/$id/fss" 2>/dev/null) in
    0\ * | '') ;;
    *' 600 root') echo sealed ;;
    esac
    [ ! -s "$1" ] || echo waiting
}
sealing_key() { # file
    echo ringfence-journal
    cat -- "$1"
}
mounts_below() { # directory
    echo ringfence-journal
    while read -r _ _ _ _ point _; do
        case $point in "$1"/*) printf 'mount %s\n' "$(printf %s "$point" | base64 -w0)" ;; esac
    done </proc/self/mountinfo
}
in_memory() { # files in memory that journald has open: it writes them until it is told to go to the disk
    echo ringfence-journal
    process=$(systemctl show --property=MainPID --value systemd-journald.service)
    find "/proc/$process/fd" -lname '/run/log/journal/*' -printf '%l\n' 2>/dev/null |
        while read -r path; do printf 'memory %s\n' "$(printf %s "$path" | base64 -w0)"; done
}
open_files() {
    echo ringfence-journal
    find /var/log/journal -type f -name '*.journal*' \
        \( -perm /027 -o ! -user root -o ! -group systemd-journal \) -print 2>/dev/null |
        while read -r path; do printf 'open %s\n' "$(printf %s "$path" | base64 -w0)"; done
}
