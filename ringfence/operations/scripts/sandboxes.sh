# shellcheck shell=sh disable=SC2015,SC2154
# Tightens the sandboxes of services. Needs the functions of tree.sh and services.sh.
confine() { # unit drop-in: restart a service; if it doesn't run then, it gets back what it was
    for path in $(systemctl show -p DropInPaths --value -- "$1") "/etc/systemd/system/$1.d" "/run/systemd/system/$1.d" ${2:+"$2" "${2%/*}"}; do
        settle "$path"
    done
    if (act restart "$1") && sleep 1 && systemctl --quiet is-active -- "$1"; then
        printf 'restarted %s in its sandbox\n' "$1"
        return
    fi
    [ -n "$2" ] || fail "$1 does not run: look at journalctl -u $1"
    rm -f -- "$2"
    systemctl daemon-reload
    systemctl reset-failed -- "$1" 2>/dev/null
    systemctl restart -- "$1" && back='it runs without it again' || back='nor without it'
    fail "$1 does not run in its sandbox, $back: name what it needs in confinement.loosened (journalctl -u $1)"
}
