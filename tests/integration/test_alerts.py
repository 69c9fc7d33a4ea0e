"""Failures of services on real hosts reach the lab's servers of mail and HTTP."""

import time

import pytest

from ringfence.lab.inbox import messages
from ringfence.lab.paths import LabPaths

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
UNIT = "chrony.service"
"""A service of a control's that Debian does not start again when it fails."""
LOOK = "systemctl start ringfence-alert-watch.service"
"""Its timer does so every five minutes."""


def told(lab, by, *words, looking_on=None):
    """Return the messages by one channel that have all of some words, once there is one.

    What a host has to tell within a minute after a message waits for the next look.
    """
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        every = [one for one in messages(LabPaths(lab.path).inbox) if one.by == by]
        if found := [one.text for one in every if all(word in one.text for word in words)]:
            return found
        if looking_on:
            lab.run_on(looking_on, LOOK)
        time.sleep(5)
    raise AssertionError(f"no {by} says {words}")


def test_each_host_tried_each_channel_when_it_was_applied(hardened_once):
    for host in CONTAINERS:
        for by in ("mail", "web"):
            assert told(hardened_once, by, f"{host}: test", "nothing is wrong")


@pytest.mark.parametrize("host", CONTAINERS)
def test_a_service_that_fails_is_told(hardened_once, host):
    hardened_once.run_on(host, f"systemctl kill --signal KILL {UNIT}")
    for by in ("mail", "web"):
        assert told(hardened_once, by, f"Host {host} of", f"{UNIT} failed (signal)")
    hardened_once.run_on(host, f"systemctl start {UNIT}")


def test_a_service_that_somebody_stops_is_told_by_the_next_look(hardened_once):
    hardened_once.run_on("agent1", f"{LOOK}; systemctl stop {UNIT}")
    for by in ("mail", "web"):
        words = ("Host agent1 of", f"{UNIT} does not run: it is inactive")
        assert told(hardened_once, by, *words, looking_on="agent1")
    hardened_once.run_on("agent1", f"systemctl start {UNIT}")
    for by in ("mail", "web"):
        words = ("Host agent1 of", f"{UNIT} runs again")
        assert told(hardened_once, by, *words, looking_on="agent1")
