# shellcheck shell=sh
# Prints the radios that may send, the wireless networks that the host knows, and the lines by which
# NetworkManager shows a card's own address. Paths are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
radios() {
    for device in /sys/class/net/*; do
        name=${device##*/}
        case $name in
        bnep*) kind=bluetooth ;;
        wl*) kind=wireless ;;
        *) kind= && if [ -e "$device/phy80211" ] || [ -e "$device/wireless" ]; then kind=wireless; fi ;;
        esac
        [ -n "$kind" ] || continue
        # IFF_UP is the lowest bit.
        [ $(($(cat "$device/flags" 2>/dev/null || echo 0) & 1)) = 0 ] || printf 'up %s %s\n' "$kind" "$name"
    done
    # A container sees the switches of the computer that runs it.
    if systemd-detect-virt --quiet --container; then return; fi
    for switch in /sys/class/rfkill/rfkill*; do
        [ -e "$switch/soft" ] || continue
        case $(cat "$switch/type") in wlan) kind=wireless ;; bluetooth) kind=bluetooth ;; *) continue ;; esac
        [ "$(cat "$switch/soft" "$switch/hard" | tr -d '\n')" != 00 ] || printf 'unblocked %s %s\n' "$kind" "${switch##*/}"
    done
}
network() { # path: how a connection of NetworkManager's is protected, if it is one of Wi-Fi
    awk -F= '
        { sub(/[[:space:]]+$/, ""); gsub(/[[:space:]]*=[[:space:]]*/, "=") }
        /^\[/ { section = $0; next }
        section == "[connection]" && $1 == "type" && ($2 == "wifi" || $2 == "802-11-wireless") { wifi = 1 }
        (section == "[wifi-security]" || section == "[802-11-wireless-security]") && $1 == "key-mgmt" { how = $2 }
        END { if (wifi) print (how == "" ? "open" : how) }' "$1"
}
networks() {
    for path in /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* \
        /usr/lib/NetworkManager/system-connections/*; do
        [ -f "$path" ] || continue
        how=$(network "$path")
        [ -z "$how" ] || printf 'network %s %s\n' "$(coded "$path")" "$how"
    done
    for path in /var/lib/iwd/*.open /var/lib/iwd/*.psk /var/lib/iwd/*.8021x; do
        [ -f "$path" ] || continue
        case $path in *.8021x) how=wpa-eap ;; *.open) how=open ;; *) how=wpa-psk ;; esac
        printf 'network %s %s\n' "$(coded "$path")" "$how"
    done
    for path in /etc/wpa_supplicant/*.conf; do
        [ -f "$path" ] || continue
        # One file, many networks: the weakest counts; without key_mgmt a network is open to WPA-PSK too.
        how=$(sed -n 's/^[[:space:]]*key_mgmt=//p' "$path" | tr ' ' '\n' | grep -vxE 'SAE|WPA-EAP(-SHA256|-SUITE-B-192)?' | head -n 1)
        blocks=$(grep -c '^[[:space:]]*network={' "$path")
        managed=$(grep -c '^[[:space:]]*key_mgmt=' "$path")
        [ "$blocks" = 0 ] && continue
        [ "$managed" -ge "$blocks" ] || how=${how:-wpa-psk}
        printf 'network %s %s\n' "$(coded "$path")" "${how:-wpa-eap}"
    done
}
showing() { # path: numbers of the lines of NetworkManager's by which Wi-Fi shows a card's own address
    awk -F= '
        { gsub(/[[:space:]]*=[[:space:]]*/, "="); gsub(/^[[:space:]]+|[[:space:]]+$/, "") }
        /^\[/ { section = $0; next }
        { key = $1 }
        section ~ /^\[(wifi|802-11-wireless)\]$/ { key = "wifi." key }
        key == "wifi.cloned-mac-address" && $2 !~ /^(random|stable|stable-ssid)$/ { print NR }
        key == "wifi.scan-rand-mac-address" && $2 !~ /^(yes|true|on|1)$/ { print NR }' "$1"
}
addresses() { # the file of ours
    for path in /etc/NetworkManager/NetworkManager.conf /etc/NetworkManager/conf.d/*.conf /run/NetworkManager/conf.d/*.conf \
        /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/*; do
        [ -f "$path" ] || continue
        for number in $(showing "$path"); do printf 'shows %s %s\n' "$(coded "$path")" "$number"; done
    done
    # One that runs, and read its configuration before our file was written.
    systemctl --quiet is-active NetworkManager.service 2>/dev/null && changed=$(stat -c %Z -- "$1" 2>/dev/null) || return 0
    since=$(systemctl show --timestamp=unix -p StateChangeTimestamp --value NetworkManager.service)
    [ "$changed" -lt "${since#@}" ] || printf 'behind\n'
}
printf 'ringfence-radios\n'
