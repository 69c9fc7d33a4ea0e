"""What happens on real hosts stands in the collector's review of logs, and somebody answers."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from ringfence.lab.inbox import messages
from ringfence.lab.paths import LabPaths

from .outside import PEOPLE, Outside

COLLECTOR = "collector1"
SENDERS = ("bastion1", "agent1")
NEVER = {"begin": "00:00", "end": "00:00", "time_zone": "Europe/Madrid"}
LOOK = "systemctl start ringfence-alert-watch.service"
LOG_IN = "script -qec 'timeout 5 login -f {}' /dev/null </dev/null >/dev/null || :"
"""A session of login(1), on a terminal of its own."""
HAPPENINGS = {
    "login-outside-hours carmen": LOG_IN.format("carmen"),
    "account-made eve": "useradd --create-home eve",
    "login-of-stranger eve": LOG_IN.format("eve"),
    "rights-given eve": "usermod --append --groups sudo eve",
    "privilege-denied carmen": (
        "for _ in 1 2 3; do echo wrong | su -s /bin/sh carmen -c 'sudo -S id' || :; done"
    ),
    "new-privileged-program 4755 root:root /usr/local/bin/lender": (
        "cp /bin/true /usr/local/bin/lender; chmod 4755 /usr/local/bin/lender; "
        "systemctl start ringfence-permissions.service"
    ),
    "service-stopped chrony.service": f"{LOOK}; systemctl stop chrony.service; {LOOK}",
}
"""What is done on a host, by what the review calls it. (Audit records that are lost are the
kernel's, of which containers have none.)"""
AFTER = """
userdel --remove eve
rm /usr/local/bin/lender
systemctl start chrony.service ringfence-permissions.service ringfence-alert-watch.service
faillock --user carmen --reset
"""
YESTERDAY = """
today=$(date -u +%F) day=$(date -u -d yesterday +%F)
cd /srv/logs/agent1
grep -F 'new user: name=eve' "$today.jsonl" | sed "s/${today}T/${day}T/g" >"$day.jsonl"
systemctl start ringfence-close-archive.service
cd /var/lib/ringfence/log-review
rm -f "$day.json" told # a collector that began in the first hours of a day has reviewed yesterday
echo "$day" >since
systemctl start ringfence-log-review.service
"""
"""What happened today, as if it had been yesterday: the day is closed, and reviewed."""
WHENCE = {
    "10.20.0.88": "internal",
    "198.51.100.88": "client:acme",
    "198.51.101.88": "external",
}
"""Addresses of an office and of a client, as policy.yml has their networks, and of nobody."""
TOLD = "1 exception in 1 messages of 1 hosts: account-made on agent1"


@pytest.fixture(scope="module")
def site(collected, tmp_path_factory):
    """The same hosts, whose people never work, in a folder where acknowledgements may be kept."""
    made = collected.copied(tmp_path_factory.mktemp("reviewed") / "site")
    policy = yaml.safe_load((made.path / "policy.yml").read_text())
    other = datetime.now(UTC) + timedelta(days=3)
    policy["working_hours"] = {**NEVER, "days": [f"{other:%A}".lower()]}
    (made.path / "policy.yml").write_text(yaml.safe_dump(policy))
    for host in SENDERS:  # what they said before went to the collector that was there before
        made.run_on(host, "systemctl start ringfence-heartbeat.service")
    ended = made.ringfence("apply", str(made.path), "--limit", COLLECTOR)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return made


@pytest.fixture(scope="module")
def happened(site):
    """The hosts once all of it happened on one of them."""
    for script in HAPPENINGS.values():
        site.run_on("agent1", script)
    yield site
    site.run_on("agent1", AFTER)


def reviewed(site, host, *options):
    """Return what the review says of a host."""
    ended = site.ringfence("logs", "review", str(site.path), "--json", *options)
    assert ended.returncode in (0, 1), ended.stderr
    return [one for one in json.loads(ended.stdout)["found"] if one["host"] == host]


def found(site, *options, host="agent1"):
    """Return the same by kind and whom it is about."""
    return {f"{one['kind']} {one['about']}": one for one in reviewed(site, host, *options)}


def of_today(site, names, host="agent1"):
    """Return what the review says of today, once it has all that is named."""
    today, deadline = str(datetime.now(UTC).date()), time.monotonic() + 300
    while not set(names) <= set(said := found(site, "--day", today, host=host)):
        assert time.monotonic() < deadline, sorted(set(names) - set(said))
        time.sleep(5)
    return said


def test_what_happens_on_a_host_stands_in_the_review(happened):
    said = of_today(happened, HAPPENINGS)
    for name in HAPPENINGS:
        assert said[name]["exception"], name
        assert said[name]["scope"] == "internal", name


def test_log_ins_that_fail_are_counted_by_where_they_came_from(site):
    address = site.run_on("bastion1", "hostname -I").split()[0]
    target = site.run_on("agent1", "hostname -I").split()[0]
    words = f"ssh -o BatchMode=yes -o StrictHostKeyChecking=no nobody9@{target}"
    site.run_on("bastion1", f"for _ in 1 2; do {words} 2>&1 || :; done")
    name = f"login-failed {address}"
    one = of_today(site, [name])[name]
    assert (one["scope"], one["exception"]) == ("internal", "")  # two are no exception


@pytest.fixture
def outside(site, lab, tmp_path):
    """Who may be at each of these addresses, from where the bastion is reached meanwhile."""
    made = site.copied(tmp_path / "open")
    policy = yaml.safe_load((made.path / "policy.yml").read_text())
    policy["flows"] += yaml.safe_load(PEOPLE)
    (made.path / "policy.yml").write_text(yaml.safe_dump(policy))
    chosen = ("--limit", "bastion1", "--role", "firewall", "--no-verify")
    applied = made.ringfence("apply", str(made.path), *chosen)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    outside = Outside(lab.path)
    with outside.at(made, *WHENCE):
        yield outside


def test_log_ins_that_fail_are_told_apart_by_the_networks_that_are_declared(site, outside):
    for address in WHENCE:
        assert "denied" in outside.guess(address)
    of_today(site, [f"login-failed {address}" for address in WHENCE], host="bastion1")
    today = str(datetime.now(UTC).date())
    every = reviewed(site, "bastion1", "--day", today)
    said = sorted(
        (one["about"], one["kind"], one["scope"]) for one in every if one["about"] in WHENCE
    )
    assert said == [(address, "login-failed", scope) for address, scope in WHENCE.items()]


def test_somebody_answers_for_what_is_found(happened):
    site, inbox = happened, LabPaths(happened.path).inbox
    of_today(site, ["account-made eve"])
    before = len(list(messages(inbox)))
    site.run_on(COLLECTOR, YESTERDAY)
    waiting = found(site)
    assert list(waiting) == ["account-made eve"]
    eve = waiting["account-made eve"]["exception"]

    told, deadline = "", time.monotonic() + 300
    while TOLD not in told:
        assert time.monotonic() < deadline, told
        site.run_on(COLLECTOR, LOOK)
        told = "".join(one.text for one in list(messages(inbox))[before:])
        time.sleep(5)

    words = ("logs", "acknowledge", str(site.path))
    verdict = ("--verdict", "expected", "--note", "hired, change 4711")
    for wrong, exception, who in (
        ("is no exception of a review", "0123456789ab", "carmen"),
        ("looks after no logs", eve, "ana"),
        ("is not one of policy.yml's people", eve, "eve"),
    ):
        refused = site.ringfence(*words, exception, "--who", who, *verdict)
        assert (refused.returncode, refused.stdout) == (4, "")
        assert wrong in refused.stderr
    assert not (site.path / "reviews").exists()

    done = site.ringfence(*words, eve, "--who", "carmen", *verdict)
    assert done.returncode == 0, done.stderr
    ended = site.ringfence("logs", "review", str(site.path))
    assert ended.returncode == 0
    assert "0 exceptions to be acknowledged" in ended.stdout
    again = site.ringfence(*words, eve, "--who", "carmen", *verdict)
    assert again.returncode == 4
    assert "has acknowledged" in again.stderr


def test_the_control_is_green_with_all_that(site):
    code, verdicts = site.verify("--control", "LOG-08", "--limit", COLLECTOR)
    assert (code, verdicts) == (0, {(COLLECTOR, "LOG-08"): "pass"})
