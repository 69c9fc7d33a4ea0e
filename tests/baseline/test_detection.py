"""Who tries to break in is shut out, and nobody else."""

import pytest

from ringfence.verify import control
from ringfence.verify.probes import failed_logins, login_guard

JAILS = {
    "sshd": "_SYSTEMD_UNIT=ssh.service",
    "pam-generic": "SYSLOG_FACILITY=10",
    "recidive": "_SYSTEMD_UNIT=fail2ban.service",
}
"""What is watched, and where in the journal (systemd.journal-fields(7)): logins by ssh, logins by
whatever else asks PAM, and those who were shut out before."""
WEEK = 7 * 86_400


@pytest.fixture
def never(policy, site):
    """The networks that are never shut out, by the policy."""
    return policy.detection.never_banned(site)


@control("IDS-01")
def test_fail2ban_runs_now_and_after_a_boot(host, expect):
    (answer,) = login_guard.asked(host, "ping")
    expect("what fail2ban answers", answer, matches="pong")
    state = host.run("systemctl is-enabled fail2ban.service").stdout.strip()
    expect("fail2ban.service at boot", state, equals="enabled")


@control("IDS-01")
def test_logins_are_watched_and_nothing_else_shuts_out(host, policy, expect):
    running = login_guard.jails(host)
    expect("jails that run", running, includes=list(JAILS))
    expect("jails that run", running, within=[*JAILS, *policy.detection.jails])


@control("IDS-01")
def test_the_journal_of_logins_is_read(host, expect):
    told = login_guard.settings(host, JAILS, "journalmatch")
    for jail, place in JAILS.items():
        found = told[jail, "journalmatch"].splitlines()[1:]
        expect(f"what of the journal {jail} reads", found, equals=[place])


@pytest.fixture
def failures(host):
    """How often logins that fail, and others, count as failures: now, and after a start."""
    return failed_logins.failures(host)


@control("IDS-01")
def test_failed_logins_are_known_as_such(failures, expect):
    found = failed_logins.miscounted(failures, "few")
    expect("failed logins that fail2ban's filters pass over", found, nothing=True)


@control("IDS-01")
def test_a_failed_login_counts_once_and_nothing_else_does(failures, expect):
    found = failed_logins.miscounted(failures, "many")
    expect("what counts more often than it fails", found, nothing=True)


@control("IDS-01")
def test_few_tries_are_enough(host, policy, expect):
    wanted = policy.detection
    told = login_guard.settings(host, JAILS, "maxretry", "bantime", "findtime")
    for jail in ("sshd", "pam-generic"):
        tries = told[jail, "maxretry"]
        expect(f"tries of {jail}", int(tries or 999), at_most=wanted.attempts)
        seconds = told[jail, "bantime"]
        expect(f"seconds out by {jail}", float(seconds or 0), at_least=wanted.ban_minutes * 60)
        within = told[jail, "findtime"]
        least = wanted.within_minutes * 60
        expect(f"seconds in which tries of {jail} count", float(within or 0), at_least=least)
    seconds = told["recidive", "bantime"]
    expect("seconds out for those who come back", float(seconds or 0), at_least=WEEK)


@control("IDS-01")
def test_the_sites_own_are_never_shut_out_and_nobody_else_is_safe(host, never, expect):
    told = login_guard.settings(host, JAILS, "ignoreip", "ignorecommand")
    for jail in JAILS:
        found = told[jail, "ignorecommand"]
        expect(f"command that says whom {jail} never shuts out", found, equals="")
        found = login_guard.networks(told[jail, "ignoreip"])
        expect(f"networks that {jail} never shuts out", found, includes=never)
        expect(f"networks that {jail} never shuts out", found, within=never)
    now = login_guard.members(login_guard.shut_out_now(host), never)
    expect("addresses of the site's own that are shut out", now, nothing=True)


@pytest.fixture
def trial(host, policy):
    """What became of strangers who failed as often as nobody may."""
    return login_guard.try_strangers(host, policy.detection.attempts)


@control("IDS-01")
def test_a_stranger_who_fails_is_shut_out_by_the_kernel(trial, expect):
    expect("strangers who failed", len(trial.strangers), equals=2)
    expect("strangers who were shut out", trial.shut_out, equals=trial.strangers)


@control("IDS-01")
def test_a_stranger_who_comes_back_is_shut_out_for_longer(trial, expect):
    expect("strangers who came back", trial.for_longer, equals=trial.strangers[:1])
