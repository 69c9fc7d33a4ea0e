import subprocess
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import apparmor


class Host:
    def __init__(self, **answers):
        self.answers = answers

    def run(self, command, *_arguments):
        self.asked = command
        name = next((name for name in self.answers if name in command), "")
        return SimpleNamespace(stdout=self.answers.get(name, ""), rc=0)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("root=/dev/vda quiet", []),
        ("apparmor=1 security=apparmor", []),
        ("quiet apparmor=0", ["apparmor=0"]),
        ("apparmor=off", ["apparmor=off"]),
        ("security=selinux", ["security=selinux"]),
        ("lsm=lockdown,yama,apparmor,bpf", []),
        ("lsm=lockdown,yama", ["lsm=lockdown,yama"]),
    ],
)
def test_words_that_turn_apparmor_off_are_told(words, found):
    assert apparmor.against(words.split()) == found


def test_the_words_of_all_boot_loaders_are_read():
    entry = "/boot/grub/grub.cfg:  linux /vmlinuz ro apparmor=0\n"
    host = Host(grep=entry, sh="quiet", cmdline="root=/dev/vda\n")
    words = apparmor.boot_words(host)
    assert words["/boot/grub/grub.cfg"] == ["linux", "/vmlinuz", "ro", "apparmor=0"]
    assert words["/etc/kernel/cmdline"] == ["root=/dev/vda"]


def test_grub_s_own_files_are_read_as_grub_reads_them(tmp_path):
    (tmp_path / "grub.d").mkdir()
    (tmp_path / "grub").write_text('GRUB_CMDLINE_LINUX="quiet"\n')
    (tmp_path / "grub.d/x.cfg").write_text('GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX apparmor=0"\n')
    script = apparmor.GRUB.replace("/etc/default", str(tmp_path))
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["quiet", "apparmor=0"]


def test_only_files_that_a_package_brought_may_be_unconfined():
    digest = "d" * 32
    sums = f"{digest}  /etc/apparmor.d/chrome\n{'e' * 32}  /etc/apparmor.d/changed\n"
    known = f" /etc/apparmor.d/chrome {digest}\n /etc/apparmor.d/changed {'f' * 32}\n"
    heads = (
        "/etc/apparmor.d/chrome:profile chrome /opt/chrome flags=(unconfined) {\n"
        '/etc/apparmor.d/chrome:profile "a b" /opt/a flags=(unconfined) {\n'
        "/etc/apparmor.d/changed:profile changed /opt/c flags=(unconfined) {\n"
    )
    host = Host(md5sum=sums, Conffiles=known, grep=heads)
    assert apparmor.shipped_unconfined(host) == ["chrome", "a b"]


def test_a_process_without_its_profile_is_named():
    process = {"profile": "/usr/sbin/chronyd", "pid": "12"}
    processes = {
        "/usr/sbin/chronyd": [
            {**process, "status": "unconfined"},
            {**process, "status": "enforce", "pid": "13"},
        ]
    }
    assert apparmor.unconfined({"processes": processes}) == ["/usr/sbin/chronyd (12)"]


def test_no_answer_is_no_profile():
    assert apparmor.status(Host())["profiles"] == {}


def test_a_list_in_which_nothing_enforces_is_read_though_it_begins_with_a_comma():
    host = Host(status='{"version": "2", "profiles": {, "a": "complain"}, "processes": {}}')
    assert apparmor.status(host)["profiles"] == {"a": "complain"}
