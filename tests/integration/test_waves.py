"""Waves on real hosts: a canary that fails keeps all later hosts as they were, and names them."""

import json

import pytest

HOSTS = "bastion1,agent1"
MANAGED = "/etc/ringfence/host.json"
DRIFT = f"chmod 0666 {MANAGED}"
MODE = f"stat -c %a {MANAGED}"
FASTEN = f"mount --bind {MANAGED} {MANAGED} && mount -o remount,bind,ro {MANAGED}"
"""Root can neither replace nor change the file: Debian's minimal system has no chattr."""
LOOSEN = f"while umount {MANAGED} 2>/dev/null; do :; done"
NOT_BEGUN = "not begun: wave 1 failed"


@pytest.fixture
def drifted(hardened):
    """Both hosts have something to repair; afterwards the canary's file may be changed again."""
    for host in HOSTS.split(","):
        hardened.run_on(host, DRIFT)
    yield hardened
    hardened.run_on("bastion1", LOOSEN)


def in_waves(site, *options, hosts=HOSTS):
    """Apply in two waves: bastion1, which comes first in hosts.yml, and then agent1."""
    ended = site.ringfence(
        *("apply", str(site.path), "--limit", hosts, "--waves", "1,100%", "--parallel", "1"),
        *options,
    )
    assert "Traceback" not in ended.stderr + ended.stdout
    return ended


def record(site):
    """The record of the newest run in waves: what each host came to, and the runs of each wave."""
    newest = max(site.path.glob("runs/*/waves.json"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text())


def test_a_canary_that_fails_keeps_the_others_untouched_and_both_pass_when_it_is_repaired(drifted):
    drifted.run_on("bastion1", FASTEN)
    before = drifted.run_on("agent1", "ls -A /var/lib/ringfence/states")

    stopped = in_waves(drifted)
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "wave 1 of 2: failed on bastion1" in stopped.stdout
    assert f"agent1: {NOT_BEGUN}" in stopped.stdout
    first, second = record(drifted)["waves"]
    assert first["hosts"]["bastion1"].startswith("failed: ")
    assert second == {
        "wave": 2,
        "outcome": NOT_BEGUN,
        "hosts": {"agent1": NOT_BEGUN},
        "apply": None,
        "verify": None,
    }
    applied = json.loads((drifted.path / f"runs/{first['apply']}/apply.json").read_text())
    assert list(applied["hosts"]) == ["bastion1"]
    assert {host for host, _ in drifted.verdicts()} == {"bastion1"}
    assert drifted.run_on("agent1", MODE) == "666\n"
    assert drifted.run_on("agent1", "ls -A /var/lib/ringfence/states") == before

    drifted.run_on("bastion1", LOOSEN)
    repaired = in_waves(drifted)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert [wave["hosts"] for wave in record(drifted)["waves"]] == [
        {"bastion1": "passed"},
        {"agent1": "passed"},
    ]
    for host in HOSTS.split(","):
        assert drifted.run_on(host, MODE) == "644\n"


def test_a_canary_that_is_red_after_its_apply_stops_the_rest_in_the_document_too(drifted):
    # The role passwords is not applied, so what breaks its control stays broken.
    defs = "/etc/login.defs"
    drifted.run_on("bastion1", f"cp -p {defs} /root && echo PASS_MAX_DAYS 9999 >>{defs}")
    try:
        stopped = in_waves(drifted, "--role", "identity", "--json")
    finally:
        drifted.run_on("bastion1", f"mv /root/login.defs {defs}")
    document = json.loads(stopped.stdout)
    assert (stopped.returncode, document["failed"]) == (1, True)
    assert document["hosts"]["bastion1"] == "failed: FIM-01, IAM-06 red"
    assert document["hosts"]["agent1"] == NOT_BEGUN
    first, second = document["waves"]
    assert not first["apply"]["failed"]
    assert first["verify"]["counts"]["fail"] >= 1
    assert "apply" not in second
    assert drifted.run_on("agent1", MODE) == "666\n"


def test_a_canary_that_does_not_answer_stops_the_rest(drifted):
    hosts = drifted.path / "hosts.yml"
    kept = hosts.read_text()
    try:
        hosts.write_text(kept.replace("  bastion1:\n", "  bastion1:\n    ssh: {user: nobody}\n"))
        stopped = in_waves(drifted, "--no-verify")
    finally:
        hosts.write_text(kept)
    assert stopped.returncode == 1
    assert "bastion1: unreachable: " in stopped.stdout
    assert f"agent1: {NOT_BEGUN}" in stopped.stdout
    assert drifted.run_on("agent1", MODE) == "666\n"


def test_a_list_of_waves_that_leaves_hosts_out_is_4_before_any_host_is_touched(lab):
    ended = lab.ringfence("apply", str(lab.path), "--waves", "1,50%")
    assert ended.returncode == 4
    assert "the last wave must cover all 4 hosts" in ended.stderr
