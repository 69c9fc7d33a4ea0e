"""A stolen key of the account that verifies: it changes nothing, and the log has each question."""

import subprocess
from dataclasses import replace

import pytest

from ringfence import lab as labs
from ringfence.site import load_site
from ringfence.site.ssh import ssh_command
from ringfence.verify.session import Session

CONTAINERS = "bastion1,agent1"  # Debian 13 and Debian 12
MACHINE = "recordings1"
OUTSIDE = "10.0.2.2"  # this computer, as machines see it
# So that what stops a connection to it is the confinement of the account, not the host's firewall.
EGRESS = f"    - {{to: [{OUTSIDE}/32], port: 22, protocol: tcp, purpose: a test}}\n"
PRIVATE = ("/tmp", "/var/tmp", "/dev/shm")

ATTEMPTS = [
    "touch /etc/ringfence-was-here",
    "touch /var/lib/ringfence-was-here",
    "touch /usr/local/bin/ringfence-was-here",
    "touch /run/ringfence-was-here",
    "touch /run/lock/ringfence-was-here",
    "touch /root/ringfence-was-here",
    "touch /home/ringfence-was-here",
    "echo >> /etc/passwd",
    "rm -f /etc/hostname",
    "chmod 0777 /etc/sudoers.d",
    "echo 1 > /proc/sys/kernel/sysrq",
    "echo b > /proc/sysrq-trigger",
    "kill -TERM 1",
    "kill -TERM $(cat /run/sshd.pid)",
    "systemctl stop ssh.service",
    "systemctl restart systemd-journald.service",
    "systemctl mask ssh.service",
    "systemctl daemon-reload",
    "systemctl reboot",
    "systemd-run --quiet --wait touch /etc/ringfence-was-here",
    "XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user start basic.target",
    "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1"
    " org.freedesktop.systemd1.Manager Reload",
    "mount -t tmpfs none /mnt",
    "mount -o remount,rw /",
    "umount /etc/shadow",
    "unshare --user --map-root-user true",
    "insmod /dev/null",
    "perl -e 'exit(syscall(101, 16, 1, 0, 0) == 0 ? 0 : 1)'",  # ptrace(PTRACE_ATTACH, 1)
    "head -c 1 /proc/1/mem",
    "cat /proc/1/environ",
    "sudo -n true",
    "sudo -n /usr/local/lib/ringfence/verify-batch",
    "ip link set lo down",
    "date --set=2020-01-01",
    "hostname elsewhere",
    "logger -t sshd 'Accepted publickey for root'",
    "cp /bin/sh /tmp/sh && chmod 4755 /tmp/sh",
    "mknod /tmp/disk b 254 0",
    "test -r /dev/vda",
    "chown root /etc/hosts",
]
ROOT_ASKS = {*(f"FW-0{number}" for number in range(1, 8)), "PRV-03", "TIM-01", "IDS-01"}
"""Controls that are judged by what changes the packet filter as well (CAP_NET_ADMIN), by the modes
of files that are hidden from the account, or by what chronyd and fail2ban tell root alone."""
BY_SSH = {
    "another command": ["id"],
    "a copy of its own runner": ["/usr/bin/perl", "-e", "print 1"],
    "the command behind sudo": ["sudo", "-n", "/usr/local/lib/ringfence/verify-batch"],
    "sftp": ["-s", "sftp"],
}


@pytest.fixture(scope="module")
def guarded(lab, tmp_path_factory):
    """The lab's hosts as a site that verifies with the account that can change nothing."""
    site = tmp_path_factory.mktemp("verifier") / "site"
    lab.copied(site)
    with (site / "hosts.yml").open("a") as hosts:
        hosts.write("\nverify:\n  identity_file: .lab/id_verify\n")
    policy = site / "policy.yml"
    text = policy.read_text()
    assert "\n  egress:\n" in text
    policy.write_text(text.replace("\n  egress:\n", f"\n  egress:\n{EGRESS}"))
    return replace(lab, path=site)


@pytest.fixture(scope="module")
def containers(guarded):
    return applied(guarded, CONTAINERS)


def applied(guarded, limit):
    ended = guarded.ringfence("apply", str(guarded.path), "--limit", limit, "--no-verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return guarded


def ask(lab, name, questions):
    """Put questions with the key of the account that verifies; return each with its answer."""
    site = load_site(lab.path)
    command = ssh_command(site, site.host(name), verifying=True)
    session = Session(command, become_root=True, sends_runner=False)
    try:
        return dict(session.ask(questions))
    finally:
        session.close()


def by_ssh(lab, name, options, arguments):
    """Run the ssh client with the key of the account that verifies."""
    site = load_site(lab.path)
    program, *rest, host = ssh_command(site, site.host(name), verifying=True)
    return subprocess.run(
        [program, *rest, *options, host, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def log_of(lab, name):
    return lab.run_on(name, "journalctl --sync; journalctl -q -o cat -t ringfence-verify")


STATE = """\
find / -xdev -name 'ringfence-was-here' -o -xdev -name 'sh' -perm -4000
find /run /dev/shm /tmp /var/tmp -name 'ringfence-was-here'
systemctl show ssh systemd-journald -p MainPID -p ActiveState
sha256sum /etc/passwd /etc/hostname /etc/hosts; stat -c %a /etc/sudoers.d; hostname
"""


def nothing_changes(lab, name):
    before = lab.run_on(name, STATE)
    answers = ask(lab, name, ATTEMPTS)
    done = [attempt for attempt, answer in answers.items() if answer.status == 0]
    assert (done, lab.run_on(name, STATE)) == ([], before)
    log = log_of(lab, name)
    assert [attempt for attempt in ATTEMPTS if f"asked: {attempt}" not in log] == []


def only_private_folders_can_be_written(lab, name):
    question = (
        "find / -not -path '/proc/*' -writable -not -type l -not -type c 2>/dev/null;"
        " find / -not -path '/proc/*' -type f -writable 2>/dev/null"
    )
    found = set(ask(lab, name, [question])[question].stdout.decode().splitlines())
    sockets = {
        "/run/dbus/system_bus_socket",
        "/run/systemd/notify",
        "/run/systemd/userdb/io.systemd.DynamicUser",
    }
    beyond = {path for path in found - sockets if not path.startswith((*PRIVATE, "/dev/pts"))}
    # systemd gives each unit the file in which it may ask to hear of its own lack of memory.
    beyond = {path for path in beyond if not path.endswith(".service/memory.pressure")}
    assert beyond <= {"/dev/mqueue"}, beyond


def no_password_or_foreign_key_can_be_read(lab, name):
    copies = [f"/var/lib/ringfence/{place}" for place in ("previous", "states", "guard")]
    places = " ".join(["/root/.ssh", *copies])
    lab.run_on(name, "printf 'planted:$y$j9T$salt$hash:1::::::\\n' >> /etc/shadow")
    lab.run_on(name, f"for place in {places}; do mkdir -p $place; echo a >$place/planted; done")
    questions = [f"cat {place}/planted" for place in places.split()]
    try:
        shown, *hidden = ask(lab, name, ["grep planted /etc/shadow", *questions]).values()
    finally:
        lab.run_on(name, f"for place in {places}; do rm $place/planted; done")
        lab.run_on(name, "sed -i /planted/d /etc/shadow")
    assert shown.stdout.decode().startswith("planted:$y$hidden:1")
    assert [answer.stdout for answer in hidden] == [b""] * len(questions)


@pytest.mark.parametrize("name", CONTAINERS.split(","))
def test_every_attempt_to_change_the_host_fails_and_is_logged(containers, name):
    nothing_changes(containers, name)


@pytest.mark.parametrize("name", CONTAINERS.split(","))
def test_nothing_but_private_folders_can_be_written(containers, name):
    only_private_folders_can_be_written(containers, name)


@pytest.mark.parametrize("name", CONTAINERS.split(","))
def test_hashes_and_keys_that_no_test_needs_are_hidden(containers, name):
    no_password_or_foreign_key_can_be_read(containers, name)


@pytest.mark.parametrize("name", CONTAINERS.split(","))
@pytest.mark.parametrize("attempt", BY_SSH)
def test_the_key_runs_no_other_command(containers, name, attempt):
    ended = by_ssh(containers, name, [], BY_SSH[attempt])
    assert ended.returncode != 0
    assert ended.stdout == ""
    assert attempt == "sftp" or "this key answers questions alone" in ended.stderr
    assert "refused a command from" in log_of(containers, name)


@pytest.mark.parametrize("name", CONTAINERS.split(","))
def test_the_key_forwards_nothing(containers, name):
    for option in (["-W", "127.0.0.1:22"], ["-N", "-R", "0:127.0.0.1:22"]):
        ended = by_ssh(containers, name, ["-o", "ExitOnForwardFailure=yes", *option], [])
        assert ended.returncode != 0
        assert "SSH-2.0" not in ended.stdout


@pytest.mark.parametrize("name", CONTAINERS.split(","))
def test_the_environment_of_the_caller_reaches_nothing(containers, name):
    site = load_site(containers.path)
    program, *rest = ssh_command(site, site.host(name), verifying=True)
    smuggled = ["-o", "SetEnv=LC_ALL=$(id) PERL5OPT=-Mevil LD_PRELOAD=/tmp/x BASH_ENV=/tmp/x"]
    session = Session([program, *smuggled, *rest], become_root=True, sends_runner=False)
    try:
        ((_, answer),) = session.ask(["env"])
    finally:
        session.close()
    names = {line.partition("=")[0] for line in answer.stdout.decode().splitlines()}
    assert not names & {"LC_ALL", "PERL5OPT", "LD_PRELOAD", "BASH_ENV", "SSH_ORIGINAL_COMMAND"}


def same_verdicts(lab, limit):
    site, found = str(lab.path), []
    for option in ([], ["--as-deployer"]):
        ended = lab.ringfence("verify", site, "--limit", limit, *option)
        assert ended.returncode in (0, 1), ended.stderr
        found.append({(t["host"], t["control"], t["test"]): t["verdict"] for t in lab.results()})
    as_verifier, as_deployer = found
    assert set(as_deployer.values()) <= {"pass", "not_applicable", "waived"}, as_deployer
    differ = {test for test, verdict in as_deployer.items() if as_verifier[test] != verdict}
    # Only root starts a sshd to try a key on: that test says so, and is judged by the next apply.
    untried = {t for t in differ if t[1] == "SSH-05" and as_verifier[t] == "not_applicable"}
    differ -= untried
    assert {control for _, control, _ in differ} <= ROOT_ASKS, differ
    # What it can't ask is red: no answer is never taken for a good one.
    assert {as_verifier[test] for test in differ} <= {"fail", "error"}, as_verifier
    for host in limit.split(","):
        assert {control for name, control, _ in differ if name == host} == ROOT_ASKS, differ


def test_every_test_but_of_packets_gets_the_answer_that_the_deploying_account_gets(containers):
    same_verdicts(containers, CONTAINERS)


def test_a_second_apply_changes_nothing(containers):
    planned = containers.ringfence("plan", str(containers.path), "--limit", CONTAINERS)
    assert planned.returncode == 0, planned.stdout


@pytest.fixture
def twice(containers):
    """Write accounts into passwd of the first host once more, until the test ends."""
    host = CONTAINERS.split(",")[0]
    containers.run_on(host, "cp -a /etc/passwd /root/passwd")
    yield lambda account: containers.run_on(
        host, f"grep '^{account}:' /etc/passwd | sed s,:[^:]*$,:/bin/bash, >>/etc/passwd"
    )
    containers.run_on(host, "cp -a /root/passwd /etc/passwd && rm /root/passwd")


def test_a_name_that_stands_twice_in_passwd_stops_no_host(containers, twice):
    twice("games")
    twice("ringfence-verify")
    site, role = str(containers.path), ["--role", "verifier"]
    planned = containers.ringfence("plan", site, "--limit", CONTAINERS, *role)
    assert planned.returncode == 0, planned.stdout + planned.stderr


def test_an_account_that_nothing_can_change_fails_its_own_host_with_the_reason(containers, twice):
    broken, whole = CONTAINERS.split(",")
    for host in (broken, whole):
        containers.run_on(host, "usermod -aG disk ringfence-verify")
    twice("ringfence-verify")
    site, options = str(containers.path), ["--role", "verifier", "--no-verify"]
    applied = containers.ringfence("apply", site, "--limit", CONTAINERS, *options)
    assert applied.returncode == 1, applied.stdout + applied.stderr
    assert "ringfence-verify stands twice in /etc/passwd" in applied.stdout + applied.stderr
    assert "disk" not in containers.run_on(whole, "id -Gn ringfence-verify")
    containers.run_on(broken, "cp -a /root/passwd /etc/passwd")
    healed = containers.ringfence("apply", site, "--limit", CONTAINERS, *options)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert "disk" not in containers.run_on(broken, "id -Gn ringfence-verify")


@pytest.mark.machine
def test_a_machine_with_its_own_kernel_is_as_safe(guarded):
    labs.up(guarded.path, [MACHINE], say=print)
    applied(guarded, MACHINE)
    nothing_changes(guarded, MACHINE)
    only_private_folders_can_be_written(guarded, MACHINE)
    no_password_or_foreign_key_can_be_read(guarded, MACHINE)
    same_verdicts(guarded, MACHINE)
    outside = f"timeout 5 bash -c 'exec 3<>/dev/tcp/{OUTSIDE}/22' 2>&1"
    answer = ask(guarded, MACHINE, [outside])[outside]
    assert b"Operation not permitted" in answer.stdout, answer
