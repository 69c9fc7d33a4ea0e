from types import SimpleNamespace

import pytest

from ringfence.verify.probes import radio_devices


class Host:
    def __init__(self, container=False, **answers):
        self.container = container
        self.answers = answers

    def run(self, command, *_arguments):
        if "detect-virt" in command:
            return SimpleNamespace(rc=0 if self.container else 1, stdout="")
        name = next((name for name in self.answers if name in command), "")
        return SimpleNamespace(stdout=self.answers.get(name, ""), rc=0)

    def check_output(self, command, *arguments):
        return self.run(command, *arguments).stdout


INTERFACES = """\
lo none unknown 0x9
eth0 none up 0x1003
wlp2s0 wlan up 0x1003
wlan1 none down 0x1002
bnep0 none unknown 0x1003
"""


def test_interfaces_send_that_are_up_and_of_a_radio():
    host = Host(uevent=INTERFACES)
    assert radio_devices.sending(host) == [("wireless", "wlp2s0"), ("bluetooth", "bnep0")]


def test_open_switches_send_but_not_in_a_container():
    switches = "rfkill0 wlan 1 \nrfkill1 bluetooth 0 \nrfkill2 gps 1 \nhci0 bluetooth 1\n"
    assert radio_devices.sending(Host(rfkill=switches)) == [
        ("wireless", "rfkill0"),
        ("bluetooth", "hci0"),
    ]
    assert radio_devices.sending(Host(container=True, rfkill=switches)) == []


def test_services_are_those_that_can_start():
    shown = (
        "Id=iwd.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\n\n"
        "Id=wpa_supplicant.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n"
    )
    found = radio_devices.services(Host(show=shown), "wireless")
    assert found == ["wpa_supplicant.service inactive enabled"]


@pytest.mark.parametrize(
    ("file", "text", "management"),
    [
        ("/etc/NetworkManager/system-connections/a", "[connection]\ntype=wifi\n", ["open"]),
        (
            "/etc/NetworkManager/system-connections/a",
            "[connection]\ntype = wifi\n[wifi-security]\nkey-mgmt = SAE\n",
            ["sae"],
        ),
        ("/etc/NetworkManager/system-connections/a", "[connection]\ntype=ethernet\n", []),
        ("/etc/wpa_supplicant/a.conf", 'network={\n ssid="a"\n psk="b"\n}\n', ["wpa-psk"]),
        ("/etc/wpa_supplicant/a.conf", "network={\n key_mgmt=NONE\n}\n", ["open"]),
        (
            "/etc/wpa_supplicant/a.conf",
            "network={\n key_mgmt=WPA-EAP SAE\n}\nnetwork={\n}\n",
            ["wpa-eap", "sae", "wpa-psk"],
        ),
        ("/var/lib/iwd/a.open", "", ["open"]),
        ("/var/lib/iwd/a.psk", "", ["wpa-psk"]),
        ("/var/lib/iwd/a.8021x", "", ["wpa-eap"]),
    ],
)
def test_networks_are_known_with_how_their_keys_are_managed(file, text, management):
    found = radio_devices.networks(Host(NetworkManager=f"=== {file}\n{text}"))
    assert [one.management for one in found] == management
    assert all(one.file == file for one in found)


CONFIGURATION = """\
# NetworkManager configuration: /etc/NetworkManager/NetworkManager.conf
[main]
plugins=keyfile

[device]
wifi.scan-rand-mac-address=yes

[connection]
wifi.cloned-mac-address = stable
# wifi.cloned-mac-address=permanent
"""
OFFICE = """\
=== /etc/NetworkManager/system-connections/office.nmconnection
[connection]
type=wifi
[wifi]
cloned-mac-address=permanent
=== /etc/NetworkManager/system-connections/cable.nmconnection
[ethernet]
cloned-mac-address=permanent
"""


def test_what_chooses_the_addresses_of_wireless_cards():
    found = radio_devices.addresses(Host(**{"print-config": CONFIGURATION}))
    assert [str(rule) for rule in found] == [
        "device: wifi.scan-rand-mac-address=yes",
        "connection: wifi.cloned-mac-address=stable",
    ]
    assert all(rule.hides for rule in found)
    assert [rule.is_for_every_network for rule in found] == [False, True]


def test_a_rule_of_some_networks_and_a_network_of_its_own_show_the_cards_address():
    text = f"{CONFIGURATION}[connection-office]\nwifi.cloned-mac-address=preserve\n"
    found = radio_devices.addresses(Host(**{"print-config": text, "===": OFFICE}))
    assert [str(rule) for rule in found if not rule.hides] == [
        "connection-office: wifi.cloned-mac-address=preserve",
        "/etc/NetworkManager/system-connections/office.nmconnection: "
        "wifi.cloned-mac-address=permanent",
    ]


def test_the_last_line_of_a_section_counts():
    text = f"{CONFIGURATION}[connection]\nwifi.cloned-mac-address=permanent\n"
    (found,) = [r for r in radio_devices.addresses(Host(**{"print-config": text})) if not r.hides]
    assert str(found) == "connection: wifi.cloned-mac-address=permanent"
