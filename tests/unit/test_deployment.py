import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.deployment import (
    Deployment,
    HostOutcome,
    _all_failed,
    _outcomes,
    _with_failed_plans,
    deploy,
    pyinfra_arguments,
)
from ringfence.verify.answers import Answer

OPERATION = {"names": ["SSH-01: sshd"], "name": "SSH-01: sshd", "op_hash": "1", "args": []}
LISTS = {"success": [], "error": [], "no_change": [], "hosts": 1}


def report(failed=(), **lists):
    operation = OPERATION | LISTS | lists
    return {"plan": [], "results": {"operations": [operation], "failed_hosts": list(failed)}}


def test_every_host_asked_for_has_an_outcome():
    found = _outcomes(
        report(success=["a"], no_change=["b"], failed=["c"]), ["a", "b", "c"], False, []
    )
    assert found.hosts["a"].changed == ["SSH-01: sshd"]
    assert found.hosts["b"].unchanged == ["SSH-01: sshd"]
    assert not found.hosts["c"].completed
    assert found.changes == 1
    assert found.failed


def test_a_host_that_only_stands_among_the_failed_is_a_failure_with_its_words():
    said = ["--> Connecting to hosts...", "    [c] SSH error (timed out)", "    [a] Connected"]
    found = _outcomes(report(failed=["c"]), ["a", "c"], False, said)
    assert found.hosts["c"].trouble == ["SSH error (timed out)"]
    assert found.hosts["a"].trouble == []


def test_a_plan_lists_what_would_change():
    plan = OPERATION | {"hosts_with_change": ["a"], "hosts_with_conditional_change": ["b"]}
    found = _outcomes({"plan": [plan], "results": None}, ["a", "b", "c"], True, [])
    assert [name for name, host in found.hosts.items() if host.changed] == ["a", "b"]
    assert not found.failed


def test_a_plan_that_failed_is_no_host_with_nothing_to_change():
    planned = {"a": HostOutcome(), "b": HostOutcome(trouble=["could not load fact"])}
    found = _with_failed_plans(Deployment(True, planned))
    assert [name for name, host in found.hosts.items() if not host.completed] == ["b"]
    found = _with_failed_plans(Deployment(True, {"a": HostOutcome()}))
    assert found.failed


def test_of_a_host_that_was_lost_in_the_middle_one_sentence_is_told_and_no_change():
    plan = OPERATION | {"hosts_with_change": ["a", "b"], "hosts_with_conditional_change": []}
    said = [
        "    [a]     Connected",
        "    [b]     SSH error: said nothing for 150 seconds, so its connection was ended",
        "    [b]     Command socket/SSH error: SSHException('SSH session not active',)",
        "    [a]     Warning: this is no error of a connection",
        "    [b]     Error: could not load fact: Packages names=['sudo']",
    ]
    found = _outcomes({"plan": [plan], "results": None}, ["a", "b"], True, said)
    assert found.hosts["b"].trouble == [
        "SSH error: said nothing for 150 seconds, so its connection was ended"
    ]
    assert (found.hosts["a"].changed, found.hosts["b"].changed) == (["SSH-01: sshd"], [])
    assert found.hosts["a"].trouble == ["Warning: this is no error of a connection"]


def test_when_every_host_fails_each_is_a_failure_although_pyinfra_prints_no_document():
    said = [
        "--> Starting operation: SSH-01: sshd",
        "    [a] ringfence: sshd refused it",
        "    [a] Error: executed 0 commands",
        "pyinfra.api.exceptions.PyinfraError: No hosts remaining!",
    ]
    found = _all_failed(["a", "b"], False, said)
    assert found.failed
    assert found.hosts["a"].failed == ["SSH-01: sshd"]
    assert found.hosts["a"].trouble == ["ringfence: sshd refused it"]
    assert not found.hosts["b"].completed


def test_what_a_program_said_before_its_operation_failed_is_the_reason_whatever_its_words():
    said = [
        "--> Starting operation: SSH-01: sshd",
        "    [a] Success",
        "--> Starting operation: IAM-09: people",
        "    [a] made the account ana",
        "    [a] usermod: Multiple entries named 'bo' in /etc/passwd.",
        "    [a] Error: executed 1 commands",
        "--> Starting operation: FW-01: rules",
        "    [b] Error: executed 0 commands",
    ]
    found = _outcomes(report(failed=["a", "b"]), ["a", "b"], False, said)
    assert found.hosts["a"].trouble == ["usermod: Multiple entries named 'bo' in /etc/passwd."]
    assert found.hosts["b"].trouble == ["Error: executed 0 commands"]


def site_at(path):
    house = SimpleNamespace(deploys_dir=Path("d"))
    return SimpleNamespace(path=path, hosts=dict.fromkeys("abc"), house=house)


@pytest.mark.parametrize(("parallel", "told"), [(2, ["--parallel", "2"]), (3, []), (32, [])])
def test_pyinfra_is_told_how_many_hosts_at_a_time_when_that_limits_them(parallel, told):
    arguments = pyinfra_arguments(site_at(Path("site")), None, None, True, parallel)
    assert arguments[1 : 1 + len(told)] == told
    assert len(arguments) == 3 + len(told)


PYINFRA = """\
import json, os, sys
print("--> Connecting to hosts...", file=sys.stderr)
operation = {"names": ["x" * 300_000], "name": "x", "op_hash": "1", "args": [], "hosts": 1}
operation |= {"success": [], "error": [], "no_change": ["a"]}
print(json.dumps({"plan": [], "results": {"operations": [operation], "failed_hosts": []}}))
sys.stdout.flush()
print("--> Disconnecting from hosts...", file=sys.stderr)
"""


def test_a_result_of_any_size_is_read_while_pyinfra_goes_on_talking(tmp_path, monkeypatch):
    (tmp_path / "stands_in.py").write_text(PYINFRA)
    site = site_at(tmp_path)
    site.house.root = tmp_path
    whole = subprocess.Popen

    def popen(command, **options):
        return whole([sys.executable, str(tmp_path / "stands_in.py")], **options)

    monkeypatch.setattr("ringfence.deployment.subprocess.Popen", popen)
    found = deploy(site, [SimpleNamespace(name="a")], None, False, tmp_path / "log", print)
    assert len(found.hosts["a"].unchanged[0]) == 300_000
    assert "Disconnecting" in (tmp_path / "log").read_text()


def test_what_hosts_answered_reaches_pyinfra_by_a_file_without_a_name(tmp_path, monkeypatch):
    told = "json.load(os.fdopen(int(os.environ['RINGFENCE_ANSWERS'])))"
    name = "os.readlink(f'/proc/self/fd/{os.environ[\"RINGFENCE_ANSWERS\"]}')"
    script = PYINFRA.replace("import json, os, sys\n", f"import json, os, sys\nwhere = {name}\n")
    (tmp_path / "stands_in.py").write_text(
        script.replace('"x" * 300_000', f"json.dumps([where, {told}])")
    )
    site = site_at(tmp_path)
    site.house.root = tmp_path
    whole = subprocess.Popen

    def popen(_command, **options):
        return whole([sys.executable, str(tmp_path / "stands_in.py")], **options)

    monkeypatch.setattr("ringfence.deployment.subprocess.Popen", popen)
    answers = {"a": {"id": Answer(0, b"root\nx\n", b"oh\n")}}
    found = deploy(
        *(site, [SimpleNamespace(name="a")], None, False, tmp_path / "log", lambda *_: None),
        answers=answers,
    )
    where, given = json.loads(found.hosts["a"].unchanged[0])
    assert where.endswith(" (deleted)")
    assert given == {"a": {"id": [0, ["root", "x"], ["oh"]]}}
