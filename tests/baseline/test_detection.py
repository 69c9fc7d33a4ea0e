"""Who tries to break in is shut out, and nobody else."""

import pytest

from ringfence.verify import control
from ringfence.verify.probes import login_guard

JAILS = ["pam-generic", "recidive", "sshd"]


@pytest.fixture
def never(policy, site):
    """The networks that are never shut out, by the policy."""
    return policy.detection.never_banned(site)


@control("IDS-01")
def test_fail2ban_runs_now_and_after_a_boot(host, expect):
    expect("what fail2ban answers", login_guard.answers(host), matches="pong")
    state = host.run("systemctl is-enabled fail2ban.service").stdout.strip()
    expect("fail2ban.service at boot", state, equals="enabled")


@control("IDS-01")
def test_logins_are_watched_and_nothing_else_shuts_out(host, expect):
    expect("jails that run", login_guard.jails(host), equals=JAILS)


@control("IDS-01")
def test_the_journal_of_sshd_is_read(host, expect):
    found = login_guard.setting(host, "sshd", "journalmatch")
    expect("what of the journal is read", found, matches=r"_SYSTEMD_UNIT=ssh\.service")


@control("IDS-01")
def test_few_tries_are_enough(host, policy, expect):
    wanted = policy.detection
    tries = login_guard.setting(host, "sshd", "maxretry")
    expect("tries until an address is shut out", int(tries or 999), at_most=wanted.attempts)
    seconds = login_guard.setting(host, "sshd", "bantime")
    expect("seconds for which it is", float(seconds or 0), at_least=wanted.ban_minutes * 60)
    within = login_guard.setting(host, "sshd", "findtime")
    expect("seconds in which tries count", float(within or 0), at_least=wanted.within_minutes * 60)


@control("IDS-01")
def test_the_sites_own_are_never_shut_out_and_nobody_else_is_safe(host, never, expect):
    for jail in JAILS:
        found = login_guard.ignored(host, jail)
        expect(f"networks that {jail} never shuts out", found, includes=never)
        expect(f"networks that {jail} never shuts out", found, within=never)
    now = login_guard.members(login_guard.shut_out_now(host), never)
    expect("addresses of the site's own that are shut out", now, nothing=True)


@control("IDS-01")
def test_a_stranger_who_fails_is_shut_out_by_the_kernel(host, policy, expect):
    strangers = list(login_guard.STRANGERS)
    found = login_guard.shut_out_by_trying(host, policy.detection.attempts, strangers)
    expect("strangers who failed and were shut out", found, equals=strangers)
