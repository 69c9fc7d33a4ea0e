"""What `ringfence doctor` says of real hosts: fit for a run, or why not."""

import json

from ringfence import lab as labs


def examined(site, *options):
    ended = site.ringfence("doctor", str(site.path), "--limit", "bastion1,agent1", *options)
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.returncode, ended.stdout


def test_fit_hosts_are_well_before_and_after_their_first_run(stock):
    code, said = examined(stock)
    assert (code, said.count("no run of Ringfence ever came to its end there")) == (0, 2), said
    limit = ("--limit", "bastion1,agent1", "--role", "identity", "--no-verify")
    applied = stock.ringfence("apply", str(stock.path), *limit)
    assert applied.returncode == 0, applied.stdout
    code, said = examined(stock)
    assert (code, said.count("answers as root within"), said.count("ever came")) == (0, 2, 0)


def test_another_system_is_refused_with_a_sentence(lab):
    """Apply's refusal is `test_guard.py`'s, doctor's the next test's."""
    other = "sed s/^ID=.*/ID=ubuntu/ /usr/lib/os-release > /etc/os-release"
    lab.run_on("agent1", f"mv /etc/os-release /root/os-release && {other}")
    sentence = "it runs ubuntu 12: only Debian 12 and 13 are supported"
    limit = ("--limit", "agent1")
    try:
        planned = lab.ringfence("plan", str(lab.path), *limit)
        assert planned.returncode == 1
        assert f"  refused: {sentence}" in planned.stdout
        assert "would change:" not in planned.stdout
        code, verdicts = lab.verify(*limit)
        assert code == 1
        assert verdicts == lab.of_an_unasked_host(verdicts, "error")
        errors = [result for result in lab.results() if result["verdict"] == "error"]
        assert {result["message"] for result in errors} == {sentence}
    finally:
        lab.run_on("agent1", "mv -f /root/os-release /etc/os-release")


def test_what_apply_would_refuse_is_told_and_nothing_is_changed(lab):
    other = "sed s/^ID=.*/ID=ubuntu/ /usr/lib/os-release > /etc/os-release"
    lab.run_on("agent1", f"mv /etc/os-release /root/os-release && {other}")
    labs.down(lab.path, ["bastion1"], say=print)
    try:
        code, said = examined(lab, "--json")
        told = {finding["about"]: finding for finding in json.loads(said)}
        assert code == 1
        assert told["agent1"]["text"].startswith("it runs ubuntu 12: only Debian 12 and 13")
        assert told["bastion1"]["text"].startswith("does not answer: ")
        assert {told[host]["state"] for host in ("agent1", "bastion1")} == {"problem"}
    finally:
        lab.run_on("agent1", "mv -f /root/os-release /etc/os-release")
        labs.up(lab.path, ["bastion1"], say=print)
