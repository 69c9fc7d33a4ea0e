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


def test_the_last_mount_on_a_directory_counts():
    mounts = """{"filesystems": [
        {"target": "/", "vfs-options": "rw"},
        {"target": "/var/tmp", "vfs-options": "rw,nosuid,nodev,noexec"},
        {"target": "/var/tmp", "vfs-options": "rw"}]}"""
    assert kernel_surface.options(Host(mounts), "/var/tmp") == ["rw"]
    assert kernel_surface.options(Host(mounts), "/tmp") == []


def test_a_program_is_tried_in_the_place_itself(tmp_path, monkeypatch):
    here = kernel_surface.RUN_THERE
    monkeypatch.setattr(kernel_surface, "RUN_THERE", here.replace("/proc/1/", "/proc/self/"))
    assert kernel_surface.attempt(Host(), str(tmp_path)) == "ran"
    assert list(tmp_path.iterdir()) == []


def test_who_sees_other_mounts_than_the_hosts_has_tried_nothing(tmp_path, monkeypatch):
    here = kernel_surface.RUN_THERE
    monkeypatch.setattr(kernel_surface, "RUN_THERE", here.replace("/proc/1/", "/proc/none/"))
    assert kernel_surface.attempt(Host(), str(tmp_path)) == "not tried there"
