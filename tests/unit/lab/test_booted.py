import subprocess
import threading

import pytest

from ringfence.errors import ToolError
from ringfence.lab import accelerator, booted, keys, machine, processes, reach
from ringfence.lab.machine import Hardware
from ringfence.lab.paths import LabPaths


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(accelerator, "kvm_works", lambda: False)
    monkeypatch.setattr(machine, "_version", lambda: "QEMU 7.2")
    monkeypatch.setattr(Hardware, "make_disks", lambda *_: None)
    paths = LabPaths(tmp_path / "site")
    paths.make()
    return paths


@pytest.fixture
def world(monkeypatch):
    did: list[str] = []
    result = subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr(machine.Machine, "run", lambda *_: did.append("run"))
    monkeypatch.setattr(machine.Machine, "monitor", lambda _, words: did.append(words))
    monkeypatch.setattr(processes, "end_all", lambda *_: did.append("end") or [])
    monkeypatch.setattr(reach, "wait_until_ready", lambda *_: did.append("wait"))
    monkeypatch.setattr(reach, "run", lambda *_, **__: did.append("sshd off") or result)
    monkeypatch.setattr(threading.Event, "wait", lambda *_: False)
    return did, result


def ensure(lab, tmp_path):
    hardware = Hardware(tmp_path / "image", 640, ())
    return booted.ensure_booted(hardware, lab, 60.0, threading.Event(), lambda _: None)


def test_a_machine_is_booted_once_and_stopped_before_it_is_anybody(lab, world, tmp_path):
    folder = ensure(lab, tmp_path)
    assert world[0] == ["run", "wait", "sshd off", "savevm booted", "end", "end"]
    assert list(folder.iterdir()) == []
    world[0].clear()
    assert ensure(lab, tmp_path) == folder
    assert world[0] == []


def test_a_boot_leaves_no_keys_and_no_sockets(lab, world, tmp_path):
    ensure(lab, tmp_path)
    assert list(lab.sockets.iterdir()) == []


def test_a_boot_that_fails_is_ended_and_nothing_is_kept(lab, world, tmp_path):
    did, result = world
    result.returncode = 255
    with pytest.raises(ToolError, match="could not be stopped"):
        ensure(lab, tmp_path)
    assert did[-1] == "end"
    assert list(lab.sockets.iterdir()) == []
    assert [p.suffix for p in (tmp_path / "cache/ringfence/images").iterdir()] == [".lock"]


def test_a_boot_belongs_to_its_lab_and_logs_there(lab):
    paths = booted.BootPaths(lab.site, lab, "boot-1")
    assert paths.log("boot-1.console") == lab.log("boot-1.console")
    assert paths.state.parent == lab.sockets
    assert len(str(paths.sockets / "switch-boot-0123456789abcdef")) - len(str(lab.sockets)) < 50


def test_the_seed_lets_only_its_own_key_in(lab):
    paths = booted.BootPaths(lab.site, lab, "boot-1")
    paths.make()
    seed = booted.throw_away_seed(paths, "boot-1")
    own = keys.make_key(paths.operator_key, "x")
    assert seed["home/deploy/.ssh/authorized_keys"].content == f"{own}\n"
    assert seed["etc/ssh/ssh_host_ed25519_key"].mode == 0o600
    assert "etc/ringfence-lab" not in seed


def test_disks_are_copied_and_a_failure_is_told(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    hardware = Hardware(tmp_path / "image", 640, ("1G",))
    (source / "system.qcow2").write_text("system")
    (source / "extra1.qcow2").write_text("extra")
    (target / "system.qcow2").write_text("old")
    booted.copy_disks(source, hardware, target)
    assert (target / "system.qcow2").read_text() == "system"
    (source / "extra1.qcow2").unlink()
    with pytest.raises(ToolError, match="could not be copied"):
        booted.copy_disks(source, hardware, target)
