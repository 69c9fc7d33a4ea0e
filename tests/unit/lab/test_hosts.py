import threading

import pytest

from ringfence.errors import ToolError
from ringfence.lab import accelerator, booted, container, hosts, machine, processes
from ringfence.lab.lab import Lab
from ringfence.lab.settings import load_lab


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(accelerator, "kvm_works", lambda: False)
    monkeypatch.setattr(machine, "_version", lambda: "QEMU 7.2")
    site = tmp_path / "site"
    site.mkdir()
    (site / "hosts.yml").write_text(
        "name: toy\nhosts:\n"
        "  pbx1: {address: 10.9.0.11, groups: [pbx], classification: medium, owner: ana}\n"
        "  agent1: {address: 10.9.0.12, groups: [agents], classification: basic, owner: ana}\n"
    )
    (site / "lab.yml").write_text(
        "name: toy-lab\nnetwork: 10.9.0.0/24\nhosts:\n"
        "  pbx1: {kind: machine, debian: 13}\n  agent1: {kind: container, debian: 12}\n"
    )
    made = Lab.open(load_lab(site))
    made.prepare()
    return made


@pytest.fixture
def world(monkeypatch, tmp_path):
    """No QEMU: `did` tells what it was asked; `loads` which snapshots it can load."""
    did, loads = [], {"clean", "booted"}

    def run(_self, snapshot=None):
        did.append(f"run {snapshot}")
        return snapshot in loads

    monkeypatch.setattr(machine.Machine, "run", run)
    monkeypatch.setattr(machine.Machine, "monitor", lambda _, words: did.append(words))
    monkeypatch.setattr(hosts, "wait", lambda *_, **__: "running")
    monkeypatch.setattr(booted, "ensure_booted", lambda *_: did.append("boot") or tmp_path)
    monkeypatch.setattr(booted, "copy_disks", lambda *_: None)
    monkeypatch.setattr(hosts.cache, "remove", lambda _: did.append("remove"))
    return did, loads


def start(lab, tmp_path, name="pbx1"):
    return hosts.start(lab, lab.plan.hosts[name], tmp_path, 1, threading.Event(), lambda *_: None)


def test_a_new_machine_is_a_booted_one_that_gets_its_clean_snapshot(lab, world, tmp_path):
    assert start(lab, tmp_path) == "running"
    assert world[0] == ["boot", "run booted", "savevm clean"]
    assert hosts.clean_file(lab.paths, "pbx1").exists()


def test_a_machine_with_a_clean_snapshot_resumes_from_it(lab, world, tmp_path):
    start(lab, tmp_path)
    world[0].clear()
    start(lab, tmp_path)
    assert world[0] == ["run clean"]


def test_a_clean_snapshot_of_another_seed_is_of_no_use(lab, world, tmp_path):
    start(lab, tmp_path)
    lab.paths.operator_key.with_suffix(".pub").write_text("ssh-ed25519 OTHER\n")
    world[0].clear()
    start(lab, tmp_path)
    assert "run clean" not in world[0]


def test_a_clean_snapshot_that_does_not_load_is_made_again(lab, world, tmp_path):
    did, loads = world
    start(lab, tmp_path)
    loads.remove("clean")
    did.clear()
    start(lab, tmp_path)
    assert did == ["run clean", "boot", "run booted", "savevm clean"]


def test_a_damaged_booted_machine_is_booted_again_once(lab, world, tmp_path):
    did, loads = world
    loads.clear()
    with pytest.raises(ToolError, match="could not be resumed; the log is"):
        start(lab, tmp_path)
    assert did == ["boot", "run booted", "remove"] * 2


def test_a_machine_without_a_complete_snapshot_is_not_up(lab, monkeypatch):
    running = [processes.LabProcess(1, "pbx1", 0, ())]
    monkeypatch.setattr(processes, "find", lambda *_: running)
    assert not hosts.is_up(lab.paths, lab.plan.hosts["pbx1"])
    assert hosts.is_up(lab.paths, lab.plan.hosts["agent1"])
    hosts.clean_file(lab.paths, "pbx1").write_text("x")
    assert hosts.is_up(lab.paths, lab.plan.hosts["pbx1"])
    monkeypatch.setattr(processes, "find", lambda *_: [])
    assert not hosts.is_up(lab.paths, lab.plan.hosts["agent1"])


def test_a_snapshot_that_can_not_be_restored_leads_to_a_new_start(lab, monkeypatch):
    monkeypatch.setattr(hosts, "is_up", lambda *_: True)
    said = []
    assert not hosts.restore(lab, lab.plan.hosts["pbx1"], lambda *words: said.append(words))
    assert "starting over" in said[-1][1]
    assert not hosts.restore(lab, lab.plan.hosts["agent1"], print)
    monkeypatch.setattr(machine, "restore", lambda *_: None)
    assert hosts.restore(lab, lab.plan.hosts["pbx1"], lambda *_: None)


def test_a_container_starts_from_its_image_on_the_bridge(lab, monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(container, "raise_inotify_limit", lambda: True)
    monkeypatch.setattr(container, "start", lambda *words: started.append(words))
    monkeypatch.setattr(hosts, "wait", lambda *_, **__: "running")
    assert start(lab, tmp_path, "agent1") == "running"
    ((_, name, image, seed, network, bridge),) = started
    assert (name, image, network, bridge) == ("agent1", tmp_path, 1, "lab0")
    assert seed["etc/hostname"].content == "agent1\n"


def test_a_process_that_does_not_die_is_told(lab, monkeypatch):
    stubborn = [processes.LabProcess(99, "pbx1", 0, ())]
    monkeypatch.setattr(processes, "end_all", lambda *_: stubborn)
    with pytest.raises(ToolError, match="process 99 of pbx1 does not end"):
        hosts.stop(lab.paths, "pbx1")
