# shellcheck shell=sh
# Prints whose the clock is, and in which zone it is shown.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
word() { # text: one word of plain characters
    printf '%s' "$1" | tr -c 'A-Za-z0-9_+/:.,<>-' '_' | cut -c1-100
}
zone() {
    if [ -L /etc/localtime ]; then
        target=$(realpath -m -s -- "/etc/$(readlink /etc/localtime)")
        case $(readlink /etc/localtime) in /*) target=$(readlink /etc/localtime) ;; esac
        case $target in
        /usr/share/zoneinfo/?*) word "${target#/usr/share/zoneinfo/}" ;;
        *) printf 'other' ;;
        esac
    elif [ -e /etc/localtime ]; then
        printf 'other'
    else
        printf 'missing'
    fi
}
clock() {
    if systemd-detect-virt --quiet --container; then printf 'container\n'; fi
    printf 'zone %s\n' "$(zone)"
    if [ -s /etc/timezone ]; then printf 'name %s\n' "$(word "$(head -n 1 /etc/timezone)")"; fi
    if [ "$(sed -n 3p /etc/adjtime 2>/dev/null)" = LOCAL ]; then printf 'hardware-is-local\n'; fi
    manager=$(systemctl show-environment 2>/dev/null | sed -n 's/^TZ=//p')
    if [ -n "$manager" ]; then printf 'manager %s\n' "$(word "$manager")"; fi
}
printf 'ringfence-clock\n'
