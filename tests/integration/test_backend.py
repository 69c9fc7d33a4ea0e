"""Our backend's answers against those of stock testinfra over ssh, on the same real host."""

import json
import subprocess
import sys

import pytest
import testinfra

from ringfence.site import load_site
from ringfence.site.ssh import ssh_command
from ringfence.verify.session import Session

MOST_THAT_VARY = 0.25  # of the commands: those that tell a time, a pid, a random port


@pytest.fixture(scope="module")
def commands(lab):
    """Every command that the whole suite asks of one host."""
    ended = lab.ringfence("verify", str(lab.path), "--limit", "agent1")
    assert ended.returncode in (0, 1), ended.stderr
    snapshot = json.loads((lab.latest_run() / "snapshot/agent1.json").read_text())
    return [answer["command"] for answer in snapshot["answers"]]


def ours(lab, commands):
    site = load_site(lab.path)
    session = Session(ssh_command(site, site.host("agent1")), become_root=True)
    try:
        return {
            command: (answer.status, answer.stdout, answer.stderr)
            for command, answer in session.ask(commands)
        }
    finally:
        session.close()


@pytest.fixture
def shared(lab, tmp_path):
    """A configuration of ssh by which all calls of stock testinfra share a connection."""
    path, config = tmp_path / "c", tmp_path / "ssh_config"
    # testinfra has an option for more arguments, and passes them to nobody.
    config.write_text(f'ControlPath "{path}"\n{(lab.path / ".lab/ssh_config").read_text()}')
    yield config
    # It may have ended by itself, for nobody used it any more.
    subprocess.run(["ssh", "-o", f"ControlPath={path}", "-O", "exit", "agent1"], check=False)


def test_every_answer_equals_that_of_stock_testinfra(hardened, commands, shared):
    host = testinfra.get_host(
        "ssh://agent1?sudo=true",
        ssh_config=str(shared),
        ssh_extra_args="-o LogLevel=ERROR",  # the banner is not an answer
    )
    host.backend._encoding = "UTF-8"
    first = ours(hardened, commands)

    def stock(command):
        answer = host.run(command)
        return answer.rc, answer.stdout_bytes, answer.stderr_bytes

    theirs = {command: stock(command) for command in commands}
    second = ours(hardened, commands)
    different = [c for c in commands if theirs[c] not in (first[c], second[c])]
    # What varies (a flood's count) may be the same twice by chance, hardly five times.
    rounds = [first, second, *(ours(hardened, different) for _ in range(3))]
    steady = []
    for command in different:
        of_ours = {answers[command] for answers in rounds}
        of_theirs = {
            theirs[command],
            *(stock(command) for _ in range(3 if len(of_ours) == 1 else 0)),
        }
        if len(of_ours) == 1 and of_ours.isdisjoint(of_theirs):
            steady.append(command)
    assert not steady, {command: (theirs[command], first[command]) for command in steady}
    assert len(different) <= MOST_THAT_VARY * len(commands), different
    assert all(theirs[c][0] == first[c][0] for c in different)


def test_stock_testinfra_gives_the_same_verdicts(hardened, tmp_path, shared):
    results = tmp_path / "results.json"
    native = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/baseline", "--site", str(hardened.path)),
            *("--hosts=ssh://agent1?sudo=true", "-q", "-p", "no:cacheprovider"),
            f"--ssh-config={shared}",
            f"--results={results}",
        ],
        capture_output=True,
        text=True,
        cwd=hardened.house,
        check=False,
    )
    assert native.returncode == 0, native.stdout[-3000:]
    hardened.verify("--limit", "agent1")
    of_ours = {test["test"]: test["verdict"] for test in hardened.results()}
    of_theirs = {test["test"]: test["verdict"] for test in json.loads(results.read_text())["tests"]}
    assert of_theirs == of_ours


def test_baseline_tests_without_a_site_are_refused_in_a_sentence(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/baseline", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4
    assert "give --site DIR" in ended.stdout + ended.stderr


def test_a_second_verification_needs_no_question_but_the_batch(hardened):
    hardened.verify("--limit", "agent1")
    hardened.verify("--limit", "agent1")
    results = json.loads((hardened.latest_run() / "results.json").read_text())
    assert results["live_commands"] == {"agent1": 0}
