from ipaddress import IPv4Address

import pytest

from ringfence.lab import accelerator, machine
from ringfence.lab.machine import Hardware, Machine
from ringfence.lab.paths import LabPaths
from ringfence.lab.settings import LabHost, PlannedHost


@pytest.fixture(autouse=True)
def _emulated(monkeypatch):
    monkeypatch.setattr(accelerator, "kvm_works", lambda: False)
    monkeypatch.setattr(machine, "_version", lambda: "QEMU 7.2")


@pytest.fixture
def pbx(tmp_path):
    paths = LabPaths(tmp_path / "a, site")
    hardware = Hardware(tmp_path / "image", 640, ("1G", "2G"))
    paths.host("pbx1").mkdir(parents=True)
    return Machine(paths, "pbx1", paths.host("pbx1"), hardware, 2201, paths.state)


def test_sshd_is_reached_on_loopback_alone(pbx):
    (out,) = [word for word in pbx.command() if "hostfwd" in word]
    assert out == "user,id=out,hostfwd=tcp:127.0.0.1:2201-:22"


def test_each_extra_disk_is_attached_after_the_system(pbx):
    drives = [word.split(",")[0] for word in pbx.command() if word.startswith("file=")]
    assert drives == ["file=system.qcow2", "file=extra1.qcow2", "file=extra2.qcow2"]


def test_a_comma_in_the_path_of_the_console_is_doubled(pbx):
    (console,) = [word for word in pbx.command() if word.startswith("file,id=console")]
    assert "/a,, site/" in console


@pytest.mark.parametrize("change", [{"memory": 641}, {"disks": ("1G",)}])
def test_a_snapshot_fits_its_hardware_alone(pbx, change):
    fields = {"image": pbx.hardware.image, "memory": 640, "disks": ("1G", "2G")}
    assert Hardware(**fields).digest == pbx.hardware.digest
    assert Hardware(**{**fields, **change}).digest != pbx.hardware.digest


def test_another_accelerator_needs_another_snapshot(pbx, monkeypatch):
    emulated = pbx.hardware.digest
    monkeypatch.setattr(accelerator, "kvm_works", lambda: True)
    assert Hardware(pbx.hardware.image, 640, ("1G", "2G")).digest != emulated
    assert "kvm" in pbx.command()


def test_every_seed_is_of_a_new_generation_and_private(pbx):
    pbx.write_seed({})
    first = (pbx.folder / "generation").read_text()
    pbx.write_seed({})
    second = (pbx.folder / "generation").read_text()
    assert first != second
    assert len(first) == len(second)
    assert (pbx.folder / "seed.tar").stat().st_mode & 0o77 == 0


def test_machines_have_addresses_of_their_own():
    host = PlannedHost("pbx1", IPv4Address("10.77.0.12"), LabHost(kind="machine", debian=13))
    assert machine.mac_address(host) == "52:54:0a:4d:00:0c"


def test_words_for_the_kernel_stand_at_the_end_of_its_line_and_need_another_snapshot(pbx):
    more = Hardware(pbx.hardware.image, 640, ("1G", "2G"), ("audit=1", "panic=5"))
    assert more.kernel_line == f"{pbx.hardware.kernel_line} audit=1 panic=5"
    assert more.digest != pbx.hardware.digest
    assert pbx.hardware.kernel_line in pbx.command()
