from types import SimpleNamespace

import pytest

from ringfence.verify.probes import boot_chain


def host(text="", container=False):
    def run(command):
        inside = 0 if container else 1
        return SimpleNamespace(stdout=text, rc=inside if "detect-virt" in command else 0)

    return SimpleNamespace(run=run)


@pytest.mark.parametrize(("text", "state"), [(" 1\n", "on"), ("0\n", "off"), ("", "no UEFI")])
def test_secure_boot_is_what_the_firmware_says(text, state):
    assert boot_chain.secure_boot(host(text)) == state
    assert boot_chain.secure_boot(host(text, container=True)) == "another computer's"
    assert state in boot_chain.STATES


def test_configurations_are_listed_with_their_modes():
    assert boot_chain.open_configurations(host("644 root:root /boot/grub/grub.cfg\n")) == [
        "644 root:root /boot/grub/grub.cfg"
    ]
