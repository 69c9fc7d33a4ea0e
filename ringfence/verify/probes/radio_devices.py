"""Radios of a host: interfaces that send, services that drive them, networks that it knows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.drop_log import in_a_container

INTERFACES = """\
cd /sys/class/net && for name in *; do
    kind=$(sed -n 's/^DEVTYPE=//p' "$name/uevent" 2>/dev/null)
    [ ! -d "$name/phy80211" ] || kind=wlan
    echo "$name ${kind:-none} $(cat "$name/operstate") $(cat "$name/flags")"
done"""
SWITCHES = """\
cd /sys/class/rfkill 2>/dev/null && for one in rfkill*; do
    [ ! -f "$one/state" ] || echo "$one $(cat "$one/type" "$one/state" | tr '\\n' ' ')"
done
cd /sys/class/bluetooth 2>/dev/null && ls -d hci* 2>/dev/null | sed 's/$/ bluetooth 1/'
true"""
UNITS = {
    "wireless": ("iwd.service", "wpa_supplicant.service"),
    "bluetooth": ("bluetooth.service",),
}
DRIVERS = {"wireless": ("cfg80211", "mac80211"), "bluetooth": ("bluetooth", "btusb")}
NETWORKS = """\
for file in /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* \\
    /usr/lib/NetworkManager/system-connections/* /etc/wpa_supplicant/*.conf /var/lib/iwd/*.*; do
    [ ! -f "$file" ] || { echo "=== $file"; cat -- "$file"; }
done"""
SHOWN = "NetworkManager --print-config 2>/dev/null"
"""The configuration as NetworkManager puts it together from its files (NetworkManager(8))."""
WRITTEN = """\
cat /usr/lib/NetworkManager/conf.d/*.conf /run/NetworkManager/conf.d/*.conf \\
    /etc/NetworkManager/NetworkManager.conf /etc/NetworkManager/conf.d/*.conf 2>/dev/null"""
"""The files from which it would, in the order in which they count (NetworkManager.conf(5))."""
HIDING = {
    "wifi.cloned-mac-address": {"random", "stable", "stable-ssid"},
    "wifi.scan-rand-mac-address": {"yes", "true", "on", "1"},
}
IFF_UP = 1
SENDS = "1"
"""RFKILL_STATE_UNBLOCKED (Documentation/ABI/stable/sysfs-class-rfkill)."""


@dataclass(frozen=True)
class Network:
    """A wireless network that the host knows, and how its keys are managed (`open`: not at all)."""

    file: str
    management: str

    def __str__(self) -> str:
        return f"{self.file}: {self.management}"


@dataclass(frozen=True)
class AddressRule:
    """What decides by which address wireless cards are seen."""

    place: str
    """the section of NetworkManager's configuration, or the file of a network"""
    key: str
    value: str

    @property
    def hides(self) -> bool:
        """Whether another address than the card's own is shown."""
        return self.value in HIDING[self.key]

    @property
    def is_for_every_network(self) -> bool:
        """Whether it counts wherever nothing else is said (NetworkManager.conf(5))."""
        return self.place == "connection" and self.key == "wifi.cloned-mac-address"

    def __str__(self) -> str:
        return f"{self.place}: {self.key}={self.value}"


def addresses(host: Any) -> list[AddressRule]:
    """Return what is said of the addresses of wireless cards: as a whole, and by each network."""
    shown = host.run(SHOWN)
    text = shown.stdout if shown.rc == 0 else host.run(WRITTEN).stdout
    found = {
        (section, key): AddressRule(section, key, value)
        for section, key, value in _settings(text)
        if key in HIDING and section.startswith(("connection", "device"))
    }
    return [*found.values(), *_addresses_of_networks(host)]


def _addresses_of_networks(host: Any) -> list[AddressRule]:
    return [
        AddressRule(file, "wifi.cloned-mac-address", value)
        for file, text in _files(host)
        for section, key, value in _settings(text)
        if section in ("wifi", "802-11-wireless") and key == "cloned-mac-address"
    ]


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and value of each setting of a file of GLib's (key files)."""
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
        elif "=" in stripped and not stripped.startswith(("#", ";")):
            key, _, value = stripped.partition("=")
            yield section, key.strip(), value.strip()


def sending(host: Any) -> list[tuple[str, str]]:
    """Return kind and name of each radio that may send: interfaces that are up, open switches.

    Switches in a container are those of the computer that runs it, which is judged by itself.
    """
    found = []
    for line in host.check_output(INTERFACES).splitlines():
        name, kind, state, flags = line.split()
        if state != "up" and not int(flags, 16) & IFF_UP:
            continue
        if kind == "wlan" or name.startswith("wl"):
            found.append(("wireless", name))
        elif kind == "bluetooth" or name.startswith("bnep"):
            found.append(("bluetooth", name))
    if in_a_container(host):
        return found
    for line in host.check_output(SWITCHES).splitlines():
        name, kind, state = line.split()
        if state == SENDS and kind in ("wlan", "bluetooth"):
            found.append(("wireless" if kind == "wlan" else kind, name))
    return found


def services(host: Any, kind: str) -> list[str]:
    """Return the services of one kind of radio that run or can be started, with their states."""
    units = " ".join(UNITS[kind])
    shown = host.check_output(f"systemctl show -p Id,LoadState,ActiveState,UnitFileState {units}")
    found = []
    for block in shown.split("\n\n"):
        state = dict(line.partition("=")[::2] for line in block.splitlines())
        if state.get("LoadState") == "loaded" or state.get("ActiveState") == "active":
            states = f"{state.get('ActiveState')} {state.get('UnitFileState')}"
            found.append(f"{state.get('Id')} {states}")
    return found


def networks(host: Any) -> list[Network]:
    """Return the wireless networks that the host's managers of networks know."""
    return [
        Network(file, management)
        for file, text in _files(host)
        for management in _managements(file, text)
    ]


def _files(host: Any) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file with wireless networks."""
    for part in re.split(r"^=== ", host.run(NETWORKS).stdout, flags=re.MULTILINE)[1:]:
        file, _, text = part.partition("\n")
        yield file, text


def loading(host: Any, kind: str) -> dict[str, str]:
    """Return what would be done to load each driver of one kind of radio, were it not loaded."""
    return {
        module: host.run("modprobe -D -- %s 2>&1", module).stdout.strip()
        for module in DRIVERS[kind]
    }


def _managements(file: str, text: str) -> list[str]:
    if file.startswith("/var/lib/iwd/"):
        return [{"open": "open", "8021x": "wpa-eap"}.get(file.rpartition(".")[2], "wpa-psk")]
    if file.startswith("/etc/wpa_supplicant/"):
        return [
            management.lower()
            for block in re.findall(r"^\s*network=\{(.*?)^\s*\}", text, re.MULTILINE | re.DOTALL)
            for management in _of_block(block)
        ]
    values = dict(re.findall(r"^\s*([a-z-]+)\s*=\s*(\S+)\s*$", text, re.MULTILINE))
    if values.get("type") not in ("wifi", "802-11-wireless"):
        return []
    return [values.get("key-mgmt", "open").lower()]


def _of_block(block: str) -> list[str]:
    named = re.search(r"^\s*key_mgmt=(.*)$", block, re.MULTILINE)
    # WPA-PSK and WPA-EAP, when nothing is said (wpa_supplicant.conf(5)).
    return named[1].replace("NONE", "open").split() if named else ["wpa-psk"]
