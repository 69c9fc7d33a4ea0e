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


MENU = """\
  menuentry_id_option="--id"
  menuentry_id_option=""
set superusers="ringfence"
password_pbkdf2 ringfence grub.pbkdf2.sha512.10000
menuentry_id_option="--unrestricted $menuentry_id_option"
menuentry 'Debian' --class os $menuentry_id_option 'gnulinux-simple-1' {
submenu 'More' $menuentry_id_option 'gnulinux-advanced-1' {
\tmenuentry 'Debian, with Linux 6.1' $menuentry_id_option 'gnulinux-6.1-1' {
"""


def test_a_menu_that_is_protected_and_starts_by_itself():
    menu = boot_chain.parsed(MENU)
    assert (menu.superusers, menu.strong, menu.weak) == (["ringfence"], ["ringfence"], [])
    assert (menu.entries, menu.waiting) == (3, [])


def test_entries_that_wait_are_named():
    waits = MENU.replace('"--unrestricted $menuentry_id_option"', '"--id"')
    assert len(boot_chain.parsed(waits).waiting) == 3
    later = boot_chain.parsed(f"{MENU}menuentry mine {{\n")
    assert later.waiting == ["menuentry mine {"]
    free = boot_chain.parsed(f"{MENU}menuentry mine --unrestricted {{\n")
    assert free.waiting == []


def test_a_menu_without_a_password_makes_nobody_wait():
    menu = boot_chain.parsed("menuentry 'Debian' $menuentry_id_option 'x' {\n")
    assert (menu.superusers, menu.entries, menu.waiting) == ([], 1, [])


def test_others_who_may_change_it_and_weak_passwords_are_seen():
    more = 'set superusers="ringfence, eve"\npassword eve\n'
    menu = boot_chain.parsed(MENU + more)
    assert (menu.superusers, menu.weak) == (["ringfence", "eve"], ["eve"])
    few = boot_chain.parsed(MENU.replace("10000", "1000"))
    assert (few.strong, few.weak) == ([], ["ringfence"])
