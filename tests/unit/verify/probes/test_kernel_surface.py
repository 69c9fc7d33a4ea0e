import subprocess
from types import SimpleNamespace

from ringfence.verify.probes import kernel_surface


class Host:
    """A host that answers one command, or this computer for those of the shell."""

    def __init__(self, answer=None):
        self.answer = answer

    def check_output(self, command):
        if self.answer is not None:
            return self.answer
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True).stdout

    def run(self, command):
        return SimpleNamespace(stdout=self.check_output(command))


def test_a_module_that_something_holds_stays_until_the_next_boot():
    modules = (
        "udf 147456 0 - Live 0x0000000000000000\n"
        "sctp 528384 2 - Live 0x0000000000000000\n"
        "firewire_core 98304 1 firewire_ohci, Live 0x0000000000000000\n"
        "old 4096 0 [permanent], Live 0x0000000000000000\n"
    )
    held = "in use until the next boot"
    assert kernel_surface.loaded(Host(modules)) == {
        "udf": "can be unloaded",
        "sctp": held,
        "firewire-core": held,
        "old": held,
    }


def test_the_options_are_those_of_the_mount_that_the_directory_is():
    shown = "50 46 0:44 / /var/tmp rw,nosuid,nodev shared:87 - tmpfs tmpfs rw,inode64\n"
    assert kernel_surface.options(Host(shown), "/var/tmp") == ["rw", "nosuid", "nodev"]


def test_a_directory_in_another_ones_mount_has_no_options_of_its_own():
    shown = "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    assert kernel_surface.options(Host(shown), "/var/tmp") == []


def test_where_nothing_is_told_no_options_are_made_up():
    assert kernel_surface.options(Host(""), "/var/tmp") == ["not seen"]


def test_of_mounts_over_one_another_the_upper_one_is_asked(tmp_path):
    over = f"""
        mount -t tmpfs -o nodev,noexec tmpfs {tmp_path} && mount -t tmpfs -o nosuid tmpfs {tmp_path}
        {kernel_surface.MOUNT.format(path=tmp_path).replace("/proc/1/", "/proc/self/")}"""
    away = ["unshare", "--map-root-user", "--mount", "sh", "-c", over]
    shown = subprocess.run(away, capture_output=True, text=True, check=True).stdout
    assert kernel_surface.options(Host(shown), str(tmp_path)) == ["rw", "nosuid", "relatime"]


def test_a_program_is_tried_in_the_place_itself(tmp_path, monkeypatch):
    here = kernel_surface.RUN_THERE
    monkeypatch.setattr(kernel_surface, "RUN_THERE", here.replace("/proc/1/", "/proc/self/"))
    assert kernel_surface.attempt(Host(), str(tmp_path)) == "ran"
    assert list(tmp_path.iterdir()) == []


def test_who_sees_other_mounts_than_the_hosts_has_tried_nothing(tmp_path, monkeypatch):
    here = kernel_surface.RUN_THERE
    monkeypatch.setattr(kernel_surface, "RUN_THERE", here.replace("/proc/1/", "/proc/none/"))
    assert kernel_surface.attempt(Host(), str(tmp_path)) == "not tried there"
