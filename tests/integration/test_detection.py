"""A stranger on the network guesses a login of a real host, and is shut out; nobody else is."""

import time

import pytest

from ringfence.site import load_site

from .outside import PEOPLE, THIS_COMPUTER, Outside

STRANGER = "198.51.100.77"
FOUND = f"journalctl -q -o cat -u fail2ban.service | grep -c 'sshd. Found {STRANGER} ' || true"
BANNED = "nft list set inet ringfence banned4"


@pytest.fixture
def outside(regrouped, lab):
    site = regrouped({}, PEOPLE)
    applied = site.ringfence("apply", str(site.path), "--limit", "bastion1", "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    outside = Outside(lab.path)
    with outside.at(site, STRANGER):
        yield site, outside


def failures(site):
    """How often fail2ban has found that the stranger failed."""
    return int(site.run_on("bastion1", FOUND))


def wait_for(site, came):
    deadline = time.monotonic() + 60
    while not came():
        assert time.monotonic() < deadline, site.run_on("bastion1", "fail2ban-client status sshd")
        time.sleep(0.5)


def test_who_guesses_is_shut_out_and_the_sites_own_are_not(outside):
    site, outside = outside
    attempts = load_site(site.path).policy.detection.attempts
    for _ in range(2 * attempts):  # who only looks whether the port is open
        assert outside.is_let_in(STRANGER)
    for _ in range(attempts - 1):
        assert "denied" in outside.guess(STRANGER)
    wait_for(site, lambda: failures(site) >= attempts - 1)
    assert failures(site) == attempts - 1
    assert outside.is_let_in(STRANGER)
    assert "denied" in outside.guess(STRANGER)
    wait_for(site, lambda: STRANGER in site.run_on("bastion1", BANNED))
    assert not outside.is_let_in(STRANGER)
    for _ in range(2 * attempts):  # who administers the site is never shut out
        outside.guess(THIS_COMPUTER)
    assert outside.is_let_in(THIS_COMPUTER)
    code, verdicts = site.verify("--limit", "bastion1", "--control", "IDS-01")
    assert (code, verdicts) == (0, {("bastion1", "IDS-01"): "pass"})
    site.run_on("bastion1", f"fail2ban-client unban {STRANGER}")
    assert outside.is_let_in(STRANGER)
