import json
import socket
import threading

import pytest

from ringfence.lab import processes
from ringfence.lab.lab import Lab, free_port, locked
from ringfence.lab.network import NetworkPlan
from ringfence.lab.paths import LabPaths
from ringfence.lab.settings import load_lab


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
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
    return load_lab(site)


def test_ports_are_kept_between_commands(plan):
    first = Lab.open(plan)
    first.prepare()
    assert len(set(first.ports.values())) == 2
    second = Lab.open(plan)
    second.prepare()
    assert second.ports == first.ports
    assert json.loads(first.paths.state_file.read_text())["lab"] == "toy-lab"


def test_a_port_that_somebody_else_took_is_replaced_everywhere(plan):
    lab = Lab.open(plan)
    lab.prepare()
    with socket.create_server(("127.0.0.1", lab.ports["pbx1"])):
        again = Lab.open(plan)
        again.prepare()
    assert again.ports["pbx1"] != lab.ports["pbx1"]
    assert again.ports["agent1"] == lab.ports["agent1"]
    assert f"]:{again.ports['pbx1']} " in lab.paths.known_hosts.read_text()


def test_a_running_host_keeps_its_port(plan, monkeypatch):
    lab = Lab.open(plan)
    lab.prepare()
    running = [processes.LabProcess(1, part, 0, ()) for part in ("pbx1", processes.NETWORK)]
    monkeypatch.setattr(processes, "find", lambda *_: running)
    with socket.create_server(("127.0.0.1", lab.ports["pbx1"])):
        again = Lab.open(plan)
        again.prepare()
    assert again.ports == lab.ports


def test_a_damaged_state_file_is_no_reason_to_stop(plan):
    lab = Lab.open(plan)
    lab.paths.make()
    lab.paths.state_file.write_text("{")
    assert Lab.open(plan).ports == {}


@pytest.mark.parametrize("root", [True, False])
def test_without_root_the_network_is_for_machines_alone(plan, monkeypatch, root):
    monkeypatch.setattr("ringfence.lab.lab._is_root", lambda: root)
    lab = Lab.open(plan)
    lab.ports = {"pbx1": 2201, "agent1": 2202}
    network = lab.network_plan()
    assert network.machines == ["pbx1"]
    assert network.forwards == ({2202: "10.9.0.12"} if root else {})
    assert network.bridge_address == ("10.9.0.254/24" if root else None)


@pytest.mark.parametrize("root", [True, False])
def test_alerts_are_taken_where_the_bridge_is(plan, monkeypatch, root):
    monkeypatch.setattr("ringfence.lab.lab._is_root", lambda: root)
    told = (plan.site / "lab.yml").read_text()
    (plan.site / "lab.yml").write_text(f"inbox: {{web: 8080}}\n{told}")
    lab = Lab.open(load_lab(plan.site))
    lab.ports = {"pbx1": 2201, "agent1": 2202}
    network = lab.network_plan()
    assert network.inbox == (str(lab.paths.inbox) if root else None)
    if root:
        assert (network.mail, network.web) == (2525, 8080)


def test_a_network_process_of_the_same_plan_is_left_alone(plan, monkeypatch):
    lab = Lab.open(plan)
    lab.ports = {"pbx1": 2201, "agent1": 2202}
    text = NetworkPlan(**{**vars(lab.network_plan()), "join": 5}).to_json()
    running = processes.LabProcess(4711, processes.NETWORK, 0, ("python", "-m", "x", text))
    monkeypatch.setattr(processes, "find", lambda *_: [running])
    assert lab.ensure_network() == 4711


def test_who_comes_second_waits_and_is_told(tmp_path):
    paths, said, done = LabPaths(tmp_path), [], threading.Event()

    def second():
        with locked(paths, lambda *words: said.append(words)):
            done.set()

    with locked(paths, print):
        thread = threading.Thread(target=second)
        thread.start()
        while not said:
            thread.join(0.01)
        assert not done.is_set()
    thread.join()
    assert done.is_set()
    assert "waiting" in said[0][1]


def test_a_free_port_avoids_those_that_are_taken():
    taken = {free_port() for _ in range(5)}
    assert free_port(taken) not in taken
