import os
import subprocess
import threading

import pytest

from ringfence.errors import MissingToolsError, ToolError, UsageError
from ringfence.lab import commands, hosts, processes, qmp, reach
from ringfence.lab.lab import Lab
from ringfence.lab.paths import LabPaths


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = tmp_path / "site"
    path.mkdir()
    (path / "hosts.yml").write_text(
        "name: toy\nhosts:\n"
        "  pbx1: {address: 10.9.0.11, groups: [pbx], classification: medium, owner: ana}\n"
        "  agent1: {address: 10.9.0.12, groups: [agents], classification: basic, owner: ana}\n"
    )
    (path / "lab.yml").write_text(
        "name: toy-lab\nnetwork: 10.9.0.0/24\nhosts:\n"
        "  pbx1: {kind: machine, debian: 13}\n  agent1: {kind: container, debian: 12}\n"
    )
    return path


@pytest.fixture
def world(monkeypatch):
    """A world in which nothing is started; what would be is in `did`."""
    did: list[tuple[str, ...]] = []
    running: set[str] = set()
    monkeypatch.setattr(commands, "require_tools", lambda _: None)
    monkeypatch.setattr(commands, "containers_possible", lambda: "")
    monkeypatch.setattr(
        commands, "_ensure_images", lambda _, chosen, __: {h.settings.debian: "i" for h in chosen}
    )
    monkeypatch.setattr(Lab, "ensure_network", lambda _: 1)
    monkeypatch.setattr(hosts, "is_up", lambda _, host: host.name in running)
    monkeypatch.setattr(hosts, "stop", lambda _, name: did.append(("stop", name)))

    def start(_lab, host, image, *_):
        did.append(("start", host.name))
        return "running"

    def wait(_lab, host, *_, resumed=False):
        did.append(("wait", host.name))
        return "running"

    monkeypatch.setattr(hosts, "start", start)
    monkeypatch.setattr(hosts, "wait", wait)
    monkeypatch.setattr(hosts, "restore", lambda _lab, host, _say: host.kind == "machine")
    return did, running


def quiet(*_):
    pass


def test_up_starts_what_does_not_run_and_waits_for_the_rest(site, world):
    did, running = world
    running.add("pbx1")
    commands.up(site, say=quiet)
    assert sorted(did) == [("start", "agent1"), ("stop", "agent1"), ("wait", "pbx1")]


def test_reset_restores_a_machine_and_starts_a_container_over(site, world):
    did, _ = world
    commands.reset(site, say=quiet)
    assert sorted(did) == [("start", "agent1"), ("stop", "agent1"), ("wait", "pbx1")]


def test_every_failure_is_told(site, world, monkeypatch):
    def fail(_lab, host, *_):
        raise ToolError(f"{host.name} broke")

    monkeypatch.setattr(hosts, "start", fail)
    with pytest.raises(ToolError) as caught:
        commands.up(site, say=quiet)
    assert sorted(str(caught.value).splitlines()) == ["agent1 broke", "pbx1 broke"]


def test_a_single_failure_keeps_its_kind():
    def fail(_item, _cancelled):
        raise UsageError("wrong")

    with pytest.raises(UsageError, match="wrong"):
        commands._side_by_side(["a"], fail)


def test_an_interrupt_reaches_the_threads(monkeypatch):
    def work(_item, cancelled):
        assert cancelled.wait(30)

    def interrupt(_futures):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "as_completed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        commands._side_by_side(["a", "b"], work)


def test_without_root_containers_are_refused_and_machines_named(site, monkeypatch):
    monkeypatch.setattr(commands, "require_tools", lambda _: None)
    monkeypatch.setattr(commands, "containers_possible", lambda: "containers need root")
    with pytest.raises(UsageError, match=r"agent1: containers need root; .* machines: pbx1"):
        commands.up(site, say=quiet)


def test_missing_tools_come_before_anything_is_written(site, monkeypatch):
    monkeypatch.setattr("ringfence.lab.tools.shutil.which", lambda *_, **__: None)
    with pytest.raises(MissingToolsError, match="qemu-system-x86"):
        commands.up(site, say=quiet)
    assert not (site / ".lab").exists()


def test_down_of_a_lab_that_never_was_says_so(site):
    said = []
    commands.down(site, say=lambda *words: said.append(words))
    assert said == [("lab", "nothing is running")]


def test_down_ends_every_process_of_the_lab_and_no_other(site, tmp_path):
    paths = LabPaths(site)
    paths.make()
    ours = processes.start(["sleep", "60"], paths.state, "pbx1", tmp_path / "log")
    other = processes.start(["sleep", "60"], tmp_path / "other", "pbx1", tmp_path / "log")
    (site / "lab.yml").write_text("broken: [")
    commands.down(site, say=quiet)
    assert ours.wait() == -9
    assert other.poll() is None
    other.kill()
    other.wait()
    assert not paths.sockets.exists()
    commands.down(site, say=quiet)


def test_status_tells_stopped_and_starting(site, tmp_path):
    paths = LabPaths(site)
    paths.make()
    Lab.open(commands.load_hosts(site, None)[0]).prepare()
    ours = processes.start(["sleep", "60"], paths.state, "pbx1", tmp_path / "log")
    try:
        pbx1, agent1 = commands.status(site)
    finally:
        ours.kill()
        ours.wait()
    assert (pbx1.state, pbx1.pid) == ("starting", ours.pid)
    assert (agent1.state, agent1.pid, agent1.seconds) == ("stopped", None, None)


@pytest.fixture
def boots(monkeypatch):
    def use(*ids):
        left = list(ids)
        monkeypatch.setattr(reach, "boot_id", lambda *_: left.pop(0) if len(left) > 1 else left[0])
        done = subprocess.CompletedProcess([], 0, "", "")
        monkeypatch.setattr(reach, "run", lambda *_, **__: done)
        monkeypatch.setattr(threading.Event, "wait", lambda *_: False)
        monkeypatch.setattr(
            processes, "find", lambda *_: [processes.LabProcess(os.getpid(), "x", 0, ())]
        )

    return use


def test_a_reboot_is_over_when_the_boot_id_is_a_new_one(site, world, boots):
    boots("one", "one", None, "two")
    said = []
    commands.reboot(site, ["pbx1"], say=lambda *words: said.append(words))
    assert said[-1][1].startswith("running again")


def test_a_host_that_did_not_come_to_the_command_is_asked_again(site, world, boots, monkeypatch):
    boots("one", "one", "one", None, "two")
    monkeypatch.setattr(commands, "UNHEARD", -1.0)
    asked = []

    def run(_, host, command, **__):
        asked.append((host, command))
        if len(asked) == 1:
            raise subprocess.TimeoutExpired(command, 30)
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(reach, "run", run)
    commands.reboot(site, ["pbx1"], say=quiet)
    assert asked == [("pbx1", "sudo -n systemctl reboot")] * 3


@pytest.mark.parametrize("before", ["one", None])  # its kernel lives, or has died
def test_a_machine_whose_power_is_cut_is_shut_down_by_nothing(
    site, world, boots, monkeypatch, before
):
    boots(before, before, None, "two")
    asked = []
    monkeypatch.setattr(qmp, "monitor", lambda _, command: asked.append(command))
    monkeypatch.setattr(reach, "run", lambda *words, **_: asked.append(words))
    commands.reboot(site, ["pbx1"], say=quiet, power_cut=True)
    assert asked == ["system_reset"]


def test_the_power_of_a_container_can_not_be_cut(site, world, boots):
    boots("one", "two")
    with pytest.raises(UsageError, match=r"^agent1: a container has no power of its own"):
        commands.reboot(site, say=quiet, power_cut=True)


def test_a_host_that_does_not_answer_can_not_be_rebooted(site, world, boots):
    boots(None)
    with pytest.raises(ToolError, match="does not answer"):
        commands.reboot(site, ["pbx1"], say=quiet)


def test_a_host_that_ends_instead_of_rebooting_is_told(site, world, boots, monkeypatch):
    boots("one", None)
    monkeypatch.setattr(processes, "find", lambda *_: [])
    with pytest.raises(ToolError, match="ended instead of rebooting; the log is"):
        commands.reboot(site, ["pbx1"], say=quiet)
