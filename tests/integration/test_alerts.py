"""Failures of services on real hosts reach the lab's servers of mail and HTTP."""

import secrets
import time

import pytest
import yaml

from ringfence.lab.inbox import messages
from ringfence.lab.paths import LabPaths
from ringfence.secrets import Vault

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
UNIT = "chrony.service"
"""A service of a control's that Debian does not start again when it fails."""
LOOK = "systemctl start ringfence-alert-watch.service"
"""Its timer does so every five minutes."""


@pytest.fixture
def news(hardened_once):
    """Waits for messages that came since the test began."""
    before = len(list(kept(hardened_once)))

    def told(by, *words, looking_on=None):
        """Return once a message by a channel has all of some words.

        What a host has to tell within a minute after a message waits for the next look.
        """
        deadline = time.monotonic() + 400
        while time.monotonic() < deadline:
            if is_told(list(kept(hardened_once))[before:], by, *words):
                return
            if looking_on:
                hardened_once.run_on(looking_on, LOOK)
            time.sleep(5)
        raise AssertionError(f"no {by} says {words}")

    return told


def kept(lab):
    return messages(LabPaths(lab.path).inbox)


def is_told(found, by, *words):
    return any(one.by == by and all(word in one.text for word in words) for one in found)


def test_each_host_tried_each_channel_when_it_was_applied(hardened_once):
    for host in CONTAINERS:
        for by in ("mail", "web"):
            assert is_told(kept(hardened_once), by, f"{host}: test", "nothing is wrong")


@pytest.mark.parametrize("host", CONTAINERS)
def test_a_service_that_fails_is_told(hardened_once, news, host):
    hardened_once.run_on(host, f"systemctl kill --signal KILL {UNIT}")
    for by in ("mail", "web"):
        news(by, f"Host {host} of", f"{UNIT} failed (signal)")
    hardened_once.run_on(host, f"systemctl start {UNIT}")


def test_a_service_that_somebody_stops_is_told_by_the_next_look(hardened_once, news):
    hardened_once.run_on("agent1", f"{LOOK}; systemctl stop {UNIT}")
    for by in ("mail", "web"):
        words = ("Host agent1 of", f"{UNIT} does not run: it is inactive")
        news(by, *words, looking_on="agent1")
    hardened_once.run_on("agent1", f"systemctl start {UNIT}")
    for by in ("mail", "web"):
        news(by, "Host agent1 of", f"{UNIT} runs again", looking_on="agent1")


@pytest.fixture
def refusing(hardened_once, tmp_path):
    """The same hosts with a channel more, which wants a secret and where no TLS is spoken."""
    site = hardened_once.copied(tmp_path / "refusing")
    canary = f"cnry{secrets.token_hex(12)}"
    vault = Vault(site.path, [site.path / ".lab/id_ed25519"])
    vault.write(vault.read() + f"\ntoken: '{canary}'\n".encode(), replacing=vault.sealed())
    policy = yaml.safe_load((site.path / "policy.yml").read_text())
    chat = policy["alerts"]["webhooks"][0]
    url = chat["url"].replace("http:", "https:")
    policy["alerts"]["webhooks"].append({**chat, "name": "other", "url": url, "token": "token"})
    (site.path / "policy.yml").write_text(yaml.safe_dump(policy))
    yield site, canary
    again = hardened_once.ringfence("apply", str(hardened_once.path), "--limit", "agent1")
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_channel_that_refuses_is_told_and_its_secret_is_not(refusing):
    site, canary = refusing
    planned = site.ringfence("plan", str(site.path), "--limit", "agent1")
    assert planned.returncode == 2, planned.stderr
    applied = site.ringfence("apply", str(site.path), "--limit", "agent1")
    assert applied.returncode == 1, applied.stderr  # red, and all else was applied
    assert "other ever accepted (refused: " in applied.stdout
    red = {test["control"] for test in site.results() if test["verdict"] in ("fail", "error")}
    assert red == {"IDS-03"}
    told = [planned.stdout, planned.stderr, applied.stdout, applied.stderr]
    told += [path.read_text() for path in (site.path / "runs").rglob("*") if path.is_file()]
    told.append(site.run_on("agent1", "journalctl --sync; journalctl -q --no-pager"))
    told.append(site.run_on("agent1", "cat /proc/[0-9]*/cmdline"))
    assert not [text for text in told if canary in text]
    where = "grep -rlF -- {} /etc /run /tmp /usr/local /var 2>/dev/null || :"
    found = site.run_on("agent1", where.format(canary)).splitlines()
    assert found == ["/etc/ringfence/alerts.secrets"]
