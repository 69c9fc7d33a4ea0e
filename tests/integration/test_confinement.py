"""Daemons in sandboxes: a real one works, one with calls is left, one that can't is put back."""

import pytest

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
LIMIT = ",".join(CONTAINERS)
CONTROL = ("--limit", LIMIT, "--control", "SYS-05")
INSTALL = """\
apt-get install -qy --no-install-recommends --no-download rsyslog >/dev/null 2>&1
systemctl start rsyslog.service
"""
WRITES = """\
socket=/run/systemd/journal/syslog # rsyslog's own: the journal passes nothing on to it
logger --socket "$socket" -t ringfence-test "$(cat /proc/sys/kernel/random/uuid | tee /run/said)"
for _ in $(seq 50); do
    if grep -qs "ringfence-test: $(cat /run/said)" /var/log/syslog; then exit 0; fi
    sleep 0.1
done
exit 1
"""
GONE = """\
rm -r /etc/systemd/system/rsyslog.service.d
systemctl daemon-reload
systemctl restart rsyslog.service
"""
CALLS = """\
printf '[Service]\\nExecStart=chrt --rr 20 sleep infinity\\n' >/etc/systemd/system/kamailio.service
systemctl daemon-reload
systemctl restart kamailio.service
"""
WRITES_PROGRAMS = """\
cat >/etc/systemd/system/unbound.service <<'END'
[Service]
ExecStart=sh -c "touch /usr/local/lib/made && exec sleep infinity"
END
systemctl daemon-reload
systemctl restart unbound.service
"""
PRIORITY = """\
process=$(systemctl show -p MainPID --value kamailio.service)
grep -q '^Seccomp_filters:[^1-9]*[1-9]' /proc/$process/status
chrt -p "$process"
"""
"""Of a daemon with calls: it is in its sandbox, and its media go by real time all the same."""
STARTED = "systemctl show -p MainPID --value {}.service"
CLEAN = """\
systemctl -q stop kamailio.service unbound.service 2>/dev/null
cd /etc/systemd/system
rm -rf kamailio.service* unbound.service* rsyslog.service.d /usr/local/lib/made
apt-get purge -qy rsyslog >/dev/null 2>&1
rm -f /var/log/syslog
systemctl daemon-reload
systemctl reset-failed
"""


@pytest.fixture
def once(hardened):
    """The lab at its baseline, and there again at the end."""
    yield hardened
    for host in CONTAINERS:
        hardened.run_on(host, CLEAN)


def applied(lab):
    return lab.ringfence(
        *("apply", str(lab.path), "--limit", LIMIT, "--role", "confinement", "--no-verify")
    )


def planned_of(lab):
    return lab.ringfence("plan", str(lab.path), "--limit", LIMIT, "--role", "confinement")


def said(lab):
    return [test["message"] for test in lab.results() if test["verdict"] == "fail"]


def test_daemons_work_in_their_sandboxes_and_calls_go_on(once):
    for host in CONTAINERS:
        once.run_on(host, INSTALL + CALLS)
    code, verdicts = once.verify(*CONTROL)
    assert (code, set(verdicts.values())) == (1, {"fail"})
    calls = [once.run_on(host, STARTED.format("kamailio")) for host in CONTAINERS]

    planned = planned_of(once)
    assert planned.returncode == 2
    assert planned.stdout.count("would restart: rsyslog.service") == len(CONTAINERS)
    assert "restart: kamailio" not in planned.stdout
    ended = applied(once)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("restarted: rsyslog.service") == len(CONTAINERS)
    for host in CONTAINERS:
        once.run_on(host, WRITES)
    assert [once.run_on(host, STARTED.format("kamailio")) for host in CONTAINERS] == calls
    code, verdicts = once.verify(*CONTROL)
    assert (code, set(verdicts.values())) == (1, {"fail"})
    assert all("kamailio.service, which runs since" in sentence for sentence in said(once))

    for host in CONTAINERS:
        once.run_on(host, "systemctl restart kamailio.service")
        assert "SCHED_RR\n" in once.run_on(host, PRIORITY)
    code, verdicts = once.verify(*CONTROL)
    assert (code, set(verdicts.values())) == (0, {"pass"}), said(once)
    planned = planned_of(once)
    assert planned.returncode == 0, planned.stdout

    for host in CONTAINERS:
        once.run_on(host, GONE)
    code, _ = once.verify(*CONTROL)
    assert code == 1
    assert any("of rsyslog.service: expected" in sentence for sentence in said(once))
    assert any("rsyslog.service, which runs since" in sentence for sentence in said(once))
    assert applied(once).returncode == 0
    code, verdicts = once.verify(*CONTROL)
    assert (code, set(verdicts.values())) == (0, {"pass"}), said(once)


def test_a_daemon_that_does_not_run_in_its_sandbox_runs_without_and_is_told(once):
    for host in CONTAINERS:
        once.run_on(host, WRITES_PROGRAMS)
    ended = applied(once)
    assert ended.returncode == 1
    shown = ended.stdout + ended.stderr
    assert "unbound.service does not run in its sandbox, it runs without it again" in shown
    for host in CONTAINERS:
        assert once.run_on(host, "systemctl is-active unbound.service") == "active\n"
    code, _ = once.verify(*CONTROL)
    assert code == 1
