"""What a verification says when hosts misbehave: right verdicts, one sentence, no traceback."""

import json

import pytest

from ringfence import lab as labs


@pytest.fixture
def questions(monkeypatch, tmp_path):
    """Keep learned questions to this test, and return the folder that holds them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/ringfence/questions"


def test_a_dead_host_is_unreachable_once_and_red(hardened):
    labs.down(hardened.path, ["agent1"], say=print)
    try:
        ended = hardened.ringfence("verify", str(hardened.path), "--limit", "agent1,bastion1")
        assert ended.returncode == 1
        verdicts = hardened.verdicts()
        dead = {place: v for place, v in verdicts.items() if place[0] == "agent1"}
        assert dead == hardened.of_an_unasked_host(dead, "unreachable")
        other = {place: v for place, v in verdicts.items() if place[0] == "bastion1"}
        assert other == hardened.of_a_hardened_host(other)
        assert ended.stdout.count("Connection refused") <= 2
        planned = hardened.ringfence("plan", str(hardened.path), "--limit", "agent1")
        assert planned.returncode == 1
        assert "unreachable" in planned.stdout
        applied = hardened.ringfence("apply", str(hardened.path), "--limit", "agent1")
        assert applied.returncode == 1
    finally:
        labs.up(hardened.path, ["agent1"], say=print)


def test_a_host_that_dies_in_the_middle_keeps_its_answers_and_is_red(hardened, questions):
    hardened.verify("--limit", "agent1")
    (path,) = questions.glob("*/agent1.json")
    known = json.loads(path.read_text())
    middle = list(known)[len(known) // 2]
    known[middle].insert(0, "systemctl poweroff --force --force; sleep 30")
    path.write_text(json.dumps(known))
    try:
        code, _ = hardened.verify("--limit", "agent1")
        assert code == 1
        found = {test["verdict"] for test in hardened.results()}
        assert "unreachable" in found
        assert found <= {"pass", "not_applicable", "waived", "unreachable"}
    finally:
        labs.down(hardened.path, ["agent1"], say=print)
        labs.up(hardened.path, ["agent1"], say=print)


def test_a_host_too_busy_for_a_login_is_given_more_time(hardened):
    """The listening sshd stands still for longer than a login may take at first."""
    later = "systemd-run --quiet --on-active=15 --timer-property=AccuracySec=100ms"
    hardened.run_on("agent1", f"pid=$(systemctl show -P MainPID ssh); {later} kill -CONT $pid")
    hardened.run_on("agent1", "kill -STOP $(systemctl show -P MainPID ssh)")
    code, verdicts = hardened.verify("--limit", "agent1", "--control", "CLS-01")
    assert (code, set(verdicts.values())) == (0, {"pass"})


NOISE = r"""
printf 'Welcome!\nno newline at the end' > /tmp/noise
printf 'cat /tmp/noise; echo complaint >&2\n' | tee -a /etc/bash.bashrc > /tmp/profile
cat /tmp/profile "$(getent passwd deploy | cut -d: -f6)/.bashrc" > /tmp/new 2>/dev/null
cp /tmp/new "$(getent passwd deploy | cut -d: -f6)/.bashrc"
"""


def test_noise_of_start_up_files_changes_no_verdict(hardened):
    hardened.run_on("agent1", NOISE)
    try:
        code, verdicts = hardened.verify("--limit", "agent1")
        assert (code, verdicts) == (0, hardened.of_a_hardened_host(verdicts))
    finally:
        hardened.run_on("agent1", "home=$(getent passwd deploy | cut -d: -f6); rm $home/.bashrc")


def test_a_file_name_that_is_not_utf_8_is_no_traceback(hardened):
    hardened.run_on("bastion1", r"""touch "/etc/ssh/sshd_config.d/$(printf 'caf\351').conf" """)
    try:
        _, verdicts = hardened.verify("--limit", "bastion1")
        assert "error" not in verdicts.values()
    finally:
        hardened.run_on("bastion1", r"""rm "/etc/ssh/sshd_config.d/$(printf 'caf\351').conf" """)


def test_a_kept_snapshot_is_judged_again_without_the_host(hardened):
    hardened.verify("--limit", "agent1")
    run, verdicts = hardened.latest_run(), hardened.verdicts()
    labs.down(hardened.path, ["agent1"], say=print)
    try:
        code, again = hardened.verify("--limit", "agent1", "--from-snapshot", str(run))
        assert (code, again) == (0, verdicts)
    finally:
        labs.up(hardened.path, ["agent1"], say=print)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--limit", "agnet1"], "did you mean 'agent1'"),
        (["--control", "SSH-99"], "there is no control 'SSH-99'"),
        (["--from-snapshot", "."], "holds no snapshot of host"),
    ],
)
def test_a_wrong_choice_is_4_with_the_nearest_name(lab, arguments, sentence):
    ended = lab.ringfence("verify", str(lab.path), *arguments)
    assert ended.returncode == 4
    assert sentence in ended.stderr


def test_a_waiver_turns_a_failure_into_waived_until_it_ends(hardened):
    waivers = hardened.path / "waivers.yml"
    before = waivers.read_text()
    # sshd's settings are among the files that are watched, so another control tells of them, too.
    entry = before + (
        "- {control: FIM-01, hosts: [agent1], reason: a test, owner: ana, approved_by: bruno,\n"
        "   approved: 2026-01-01, expires: 2099-01-01}\n"
        "- {control: SSH-03, hosts: [agent1], reason: a test, owner: ana, approved_by: bruno,\n"
        "   approved: 2026-01-01, expires: %s}\n"
    )
    hardened.run_on("agent1", "sed -i 's/^MaxSessions .*/MaxSessions 10/' /etc/ssh/sshd_config")
    hardened.run_on("agent1", "systemctl reload ssh")
    try:
        waivers.write_text(entry % "2099-01-01")
        code, verdicts = hardened.verify("--limit", "agent1")
        assert (code, verdicts["agent1", "SSH-03"]) == (0, "waived")
        results = [test for test in hardened.results() if test["control"] == "SSH-03"]
        (waived,) = [test for test in results if test["verdict"] == "waived"]
        assert (waived["original"], waived["waiver"]["owner"]) == ("fail", "ana")
        waivers.write_text(entry % "2026-01-02")
        code, verdicts = hardened.verify("--limit", "agent1")
        assert (code, verdicts["agent1", "SSH-03"]) == (1, "fail")
        assert any("ended on 2026-01-02" in test["message"] for test in hardened.results())
    finally:
        waivers.write_text(before)
