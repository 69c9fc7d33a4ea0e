"""Hosts with kernels of their own, on both Debians: red, green, rebooted, green; a full disk."""

import json

import pytest

from ringfence import lab as labs

pytestmark = pytest.mark.machine
LIMIT = "recordings1,pbx1"  # Debian 13 and Debian 12


@pytest.fixture(scope="module")
def machines(lab):
    """The lab with its machines as they were before anything was applied."""
    labs.up(lab.path, LIMIT.split(","), say=print)
    labs.reset(lab.path, LIMIT.split(","), say=print)
    return lab


def test_a_machine_is_red_then_green_and_stays_green_when_it_is_rebooted(machines):
    site = str(machines.path)
    code, verdicts = machines.verify("--limit", LIMIT)
    assert (code, verdicts) == (1, machines.of_a_stock_host(verdicts))
    applied = machines.ringfence("apply", site, "--limit", LIMIT, "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    planned = machines.ringfence("plan", site, "--limit", LIMIT)
    assert planned.returncode == 0, planned.stdout
    labs.reboot(machines.path, LIMIT.split(","), say=print)
    code, verdicts = machines.verify("--limit", LIMIT)
    assert (code, verdicts) == (0, machines.of_a_hardened_host(verdicts))


def test_each_control_of_the_kernel_is_seen_red_on_machines(machines, of_machines, of_the_audit):
    # A sample: all ways, in which roles/proofs.json has them, take half an hour where machines
    # are emulated.
    kernel = [control for control in of_machines if control not in of_the_audit]
    seen_red(machines, kernel, 1)
    seen_red(machines, ["LOG-01", "LOG-02", "LOG-03"], 2)  # the first is one sabotage's alone
    seen_red(machines, ["LOG-04", "LOG-05"], 1)


def test_each_control_of_the_access_record_is_seen_red_after_a_reboot(machines):
    seen_red(machines, ["ACR-01", "ACR-02"], 1)


def seen_red(machines, controls, rounds):
    """Demand that a few rounds of sabotages turn controls red, and that they are repaired."""
    proven = machines.ringfence(
        *("prove", str(machines.path), "--limit", LIMIT),
        *("--control", ",".join(controls), "--together", "--rounds", str(rounds)),
    )
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert f"{len(controls)} of {len(controls)} controls seen red in some" in proven.stdout


def test_a_full_disk_silences_no_verdict_and_leaves_no_half_written_file(machines):
    fill = "fallocate -l 100G /fill 2>/dev/null; dd if=/dev/zero of=/fill bs=1M 2>/dev/null; df /"
    apply = ("apply", str(machines.path), "--limit", "pbx1", "--role", "identity,ssh")
    controls = ("--limit", "pbx1", "--control", "CLS-01,SSH-01")
    files = "cat /etc/ssh/sshd_config /etc/ringfence/host.json"
    applied = machines.ringfence(*apply, "--no-verify")
    assert applied.returncode == 0, applied.stdout
    machines.run_on("pbx1", "chmod 0666 /etc/ringfence/host.json; echo x > /etc/issue.net")
    machines.run_on("pbx1", fill)
    try:
        code, verdicts = machines.verify(*controls)
        assert code == 1
        assert verdicts["pbx1", "CLS-01"] == "fail"
        assert verdicts["pbx1", "SSH-01"] == "pass"
        before = machines.run_on("pbx1", files)
        failed = machines.ringfence(*apply, "--no-verify")
        assert failed.returncode == 1
        assert "Traceback" not in failed.stdout + failed.stderr
        assert machines.run_on("pbx1", files) == before
    finally:
        machines.run_on("pbx1", "rm -f /fill")
    healed = machines.ringfence(*apply, "--no-verify")
    assert healed.returncode == 0, healed.stdout
    assert machines.verify(*controls)[0] == 0
    assert json.loads(machines.run_on("pbx1", "cat /etc/ringfence/host.json"))["name"] == "pbx1"
