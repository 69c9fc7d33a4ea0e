"""Hosts with kernels of their own, on both Debians: red, green, rebooted, green; a full disk."""

import hashlib
import json
import secrets

import pytest

from ringfence import lab as labs
from ringfence.secrets import Vault

pytestmark = pytest.mark.machine
LIMIT = "recordings1,pbx1"  # Debian 13 and Debian 12
ROLES = "kernel,ssh,firewall,confinement,audit"
"""What has to do with a host's own kernel, and what lets somebody in after a boot."""
OF_KERNELS = "kernel,audit"
"""Of those the roles that containers can't show to be at rest: to plan takes a machine minutes."""
GRUB = """
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends grub2-common
mkdir -p /boot/grub
update-grub
"""
PBX = """
cat >/etc/systemd/system/asterisk.service <<'END'
[Service]
User=nobody
LimitRTPRIO=20
ExecStart=chrt --rr 10 sleep infinity

[Install]
WantedBy=multi-user.target
END
systemctl enable asterisk.service
"""
"""Stands for Asterisk, which neither Debian has: it takes real time for itself, and has no right to
it but its limit's, which containers can't raise."""
PRIORITY = """
process=$(systemctl show -p MainPID --value asterisk.service)
ps -o user=,cls=,rtprio=,comm= -p "$process"
grep '^NoNewPrivs' "/proc/$process/status"
"""
ROUNDS = 10_000
"""Of PBKDF2, as grub-mkpasswd-pbkdf2 has them."""
BOOT_LOADER = "{groups: [pbx, recordings], password: grub}"
OF_MORE_ROLES = {"LOG-04", "LOG-05", "ACR-01", "ACR-02"}
"""Controls that want more: the role `logging`, or data directories of the role `permissions`."""


@pytest.fixture(scope="module")
def machines(lab):
    """The lab with its machines as they were before anything was applied."""
    labs.up(lab.path, LIMIT.split(","), say=print)
    labs.reset(lab.path, LIMIT.split(","), say=print)
    return lab


def test_what_is_the_kernels_is_red_then_green_and_stays_green_after_a_reboot(
    machines, of_machines
):
    site = str(machines.path)
    firewall = [f"FW-0{number}" for number in range(1, 8)]
    controls = [*(name for name in of_machines if name not in OF_MORE_ROLES), *firewall]
    chosen = ("--limit", LIMIT, "--control", ",".join(controls))
    for host in LIMIT.split(","):
        machines.run_on(host, PBX)
    code, verdicts = machines.verify(*chosen)
    assert (code, verdicts) == (1, machines.of_a_stock_host(verdicts))
    applied = machines.ringfence("apply", site, "--limit", LIMIT, "--role", ROLES, "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    labs.reboot(machines.path, LIMIT.split(","), say=print)
    planned = machines.ringfence("plan", site, "--limit", LIMIT, "--role", OF_KERNELS)
    assert planned.returncode == 0, planned.stdout
    code, verdicts = machines.verify(*chosen)
    assert (code, verdicts) == (0, machines.of_a_hardened_host(verdicts))
    assert len(verdicts) == 2 * len(controls)
    for host in LIMIT.split(","):
        told = machines.run_on(host, PRIORITY).split()
        assert told == ["nobody", "RR", "10", "sleep", "NoNewPrivs:", "1"]


def test_the_whole_baseline_is_red_then_green_and_stays_green_after_a_reboot(machines, whole):
    labs.reset(machines.path, LIMIT.split(","), say=print)
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


@pytest.mark.every_way
def test_each_control_of_the_kernel_is_seen_red_on_machines(machines, whole, of_machines):
    site = str(machines.path)
    applied = machines.ringfence("apply", site, "--limit", LIMIT, "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    proven = machines.ringfence(
        *("prove", site, "--limit", LIMIT),
        *("--control", ",".join(of_machines), "--together"),
    )
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert f"{len(of_machines)} of {len(of_machines)} controls proven" in proven.stdout


@pytest.fixture
def with_menus(machines, whole):
    """The machines as GRUB starts them, with a menu of its own making; the site wants a password.

    The lab's computer starts them without it all the same.
    """
    labs.reset(machines.path, LIMIT.split(","), say=print)
    for host in LIMIT.split(","):
        machines.run_on(host, GRUB)
    password, salt = secrets.token_bytes(16), secrets.token_bytes(64)
    digest = hashlib.pbkdf2_hmac("sha512", password, salt, ROUNDS).hex().upper()
    vault = Vault(whole.path, [whole.path / ".lab/id_ed25519"])
    told = f"grub.pbkdf2.sha512.{ROUNDS}.{salt.hex().upper()}.{digest}"
    vault.write(vault.read() + f"\ngrub: {told}\n".encode(), replacing=vault.sealed())
    policy = (whole.path / "policy.yml").read_text()
    assert "\nprovenance:\n" in policy
    (whole.path / "policy.yml").write_text(
        policy.replace("\nprovenance:\n", f"\nprovenance:\n  boot_loader: {BOOT_LOADER}\n")
    )
    return machines


@pytest.mark.every_way
def test_controls_of_clocks_and_boot_loaders_are_seen_red_on_machines_and_their_server(
    with_menus, of_both
):
    machines = with_menus
    site, limit = str(machines.path), f"{LIMIT},bastion1"
    applied = machines.ringfence("apply", site, "--limit", LIMIT, "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    chosen = ("--limit", limit, "--control", ",".join(of_both), "--together")
    proven = machines.ringfence("prove", site, *chosen)
    assert proven.returncode == 0, proven.stdout + proven.stderr


def test_accounts_of_agents_may_make_user_namespaces_and_no_others(machines, regrouped):
    """The sandboxes of browsers want them; a kernel that lets all make them has more to break."""
    makes = "setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user true && echo made"
    for site, made in ((machines, ""), (regrouped({"pbx1": ["agents"]}), "made\n")):
        applied = site.ringfence(
            *("apply", str(site.path), "--limit", "pbx1", "--role", "kernel", "--no-verify")
        )
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert site.run_on("pbx1", f"{{ {makes}; }} 2>/dev/null || true") == made
        code, verdicts = site.verify("--limit", "pbx1", "--control", "SYS-04")
        assert (code, verdicts) == (0, {("pbx1", "SYS-04"): "pass"})


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
