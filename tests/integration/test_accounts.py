"""People log in with their own keys, what they do by sudo is logged, and who left has nothing."""

import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta

import pytest
import yaml

from ringfence import lab as labs
from ringfence.operations.shell import library
from ringfence.site import load_site
from ringfence.site.ssh import ssh_command

CONTAINERS = "bastion1,agent1"  # Debian 13 and Debian 12
SECTION = {
    "duties": {"administrator": {"commands": ["ALL"]}, "clerk": {"commands": ["/usr/bin/id -u"]}},
    "log_officers": ["security_officer"],
    "strangers": "close",
}


@pytest.fixture(scope="module")
def peopled(direct, tmp_path_factory):
    """The lab's hosts with a person, luis, whose key is made here."""
    folder = tmp_path_factory.mktemp("accounts")
    house, path = folder / "house", folder / "site"
    for name in ("roles", "templates", "deploys", "tests/baseline", "tests/sabotage"):
        shutil.copytree(direct.house / name, house / name)
    table = house / "roles/roles.yml"
    if "accounts:" not in table.read_text():
        table.write_text(table.read_text().replace("ssh:", "accounts: [all]\nssh:", 1))
    shutil.copytree(direct.path, path, ignore=shutil.ignore_patterns("runs"), symlinks=True)
    site = replace(direct, path=path, house=house)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "luis")], check=True
    )
    admit(site, {"leaves": None})
    return site


def admit(site, changes):
    """Write luis into the policy, with these changes; None for `changes` takes him out."""
    file = site.path / "policy.yml"
    policy = yaml.safe_load(file.read_text())
    policy["accounts"] = SECTION
    policy["access"] = [{"groups": ["all"], "roles": ["administrator", "clerk"]}]
    key = (site.path.parent / "luis.pub").read_text().strip()
    luis = {
        "full_name": "Luis Ortega",
        "roles": ["clerk"],
        "ssh_keys": [{"key": key, "expires": "2035-12-31"}],
    }
    policy["people"].pop("luis", None)
    if changes is not None:
        policy["people"]["luis"] = luis | {k: v for k, v in changes.items() if v is not None}
    else:
        policy["access"][0]["roles"] = ["administrator"]
    file.write_text(yaml.safe_dump(policy, sort_keys=False))


def applied(site, *options):
    ended = site.ringfence("apply", str(site.path), "--limit", CONTAINERS, *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def as_luis(site, name, command, typed=""):
    """Log in as luis with his key, and run a command."""
    loaded = load_site(site.path)
    program, *rest = ssh_command(loaded, loaded.host(name))
    key = str(site.path.parent / "luis")
    own = ["-l", "luis", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "ControlPath=none"]
    return subprocess.run(
        [program, *own, *rest, command],
        capture_output=True,
        text=True,
        input=typed,
        timeout=60,
        check=False,
    )


def test_a_person_comes_works_leaves_and_comes_back(peopled):
    site, hosts = peopled, CONTAINERS.split(",")
    applied(site)
    planned = site.ringfence("plan", str(site.path), "--limit", CONTAINERS)
    assert planned.returncode == 0, planned.stdout
    numbers = {}
    for name in hosts:
        assert as_luis(site, name, "id -un; echo kept >paper").stdout.strip() == "luis"
        numbers[name] = site.run_on(name, "id -u luis")
        uses_sudo(site, name)
        site.run_on(name, LOOSE_ENDS)

    yesterday = date.today() - timedelta(days=2)
    admit(site, {"leaves": yesterday.isoformat()})
    code, _ = site.verify("--limit", CONTAINERS)
    assert code == 1
    red = {(t["host"], t["control"]) for t in site.results() if t["verdict"] == "fail"}
    assert {(name, "IAM-09") for name in hosts} <= red
    applied(site)
    assert site.ringfence("plan", str(site.path), "--limit", CONTAINERS).returncode == 0
    for name in hosts:
        assert as_luis(site, name, "true").returncode == 255
        assert site.run_on(name, LEFT).split() == ["kept"]
        assert site.run_on(name, "id -u luis") == numbers[name]

    admit(site, {"leaves": None})
    applied(site)
    for name in hosts:
        assert as_luis(site, name, "cat paper").stdout.strip() == "kept"
        assert "password is required" in as_luis(site, name, "sudo -n id -u").stderr

    admit(site, None)  # no longer in the policy at all
    applied(site)
    for name in hosts:
        assert as_luis(site, name, "true").returncode == 255
        assert site.run_on(name, "cat /home/luis/paper") == "kept\n"


def uses_sudo(site, name):
    """Without a password sudo gives luis nothing; with one, what his role may run, and a log."""
    assert as_luis(site, name, "sudo -n id -u").returncode != 0
    site.run_on(name, "echo 'luis:Correct horse 7 battery' | chpasswd")
    typed = "Correct horse 7 battery\n"
    assert as_luis(site, name, "sudo -S /usr/bin/id -u", typed).stdout.split() == ["0"]
    refused = as_luis(site, name, "sudo -S /usr/bin/id -g", typed)
    assert refused.returncode != 0
    log = site.run_on(name, "cat /var/log/sudo.log")
    assert "luis :" in log
    assert "COMMAND=/usr/bin/id -u" in log
    assert "command not allowed" in log


LOOSE_ENDS = """\
mkdir -p /var/spool/cron/crontabs /var/lib/systemd/linger /etc/cron.d
echo '* * * * * true' >/var/spool/cron/crontabs/luis
printf '* * * * * luis true\\n* * * * * root true\\n' >/etc/cron.d/mixed
touch /var/lib/systemd/linger/luis
mkdir -p /home/luis/.ssh && touch /home/luis/.ssh/authorized_keys
printf '[Service]\\nUser=luis\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/system/his.service
systemctl daemon-reload
systemctl start his.service
"""
LEFT = """\
ls -d /var/spool/cron/crontabs/luis /var/lib/systemd/linger/luis /etc/systemd/system/his.service \
    /home/luis/.ssh/authorized_keys /etc/ssh/authorized_keys.d/luis 2>/dev/null
grep luis /etc/cron.d/mixed
for process in /proc/[0-9]*; do
    [ "$(stat -c %U "$process" 2>/dev/null)" != luis ] || cat "$process/cmdline"
done
cat /home/luis/paper
"""


def test_whoever_does_not_log_in_is_shut_out_until_called_back(peopled):
    admit(peopled, {"leaves": None})
    applied(peopled, "--no-verify")
    for name in CONTAINERS.split(","):
        peopled.run_on(name, FORGET)
        assert as_luis(peopled, name, "true").returncode == 255
    applied(peopled)  # an apply does not open it again, and the host is green
    for name in CONTAINERS.split(","):
        assert as_luis(peopled, name, "true").returncode == 255
    admit(peopled, {"leaves": None, "returned": date.today().isoformat()})
    applied(peopled)
    for name in CONTAINERS.split(","):
        assert as_luis(peopled, name, "id -un").stdout.strip() == "luis"


FORGET = """\
chage --lastday 2020-01-01 luis
rm -f /var/lib/lastlog/lastlog2.db
[ ! -f /var/log/lastlog ] || : >/var/log/lastlog
systemctl start ringfence-inactive.service
"""


@pytest.mark.parametrize("host", CONTAINERS.split(","))
@pytest.mark.parametrize(
    ("staged", "status", "sentence"),
    [
        ("cp /etc/sudoers", 0, ""),
        ("sed '$a ana ALL=(ALL' /etc/sudoers >", 1, "syntax error"),
        ("sed '/^deploy/d' /etc/sudoers >", 1, "Ringfence logs in as deploy"),
    ],
)
def test_rules_of_sudo_are_refused_for_what_they_say_and_not_for_a_file_that_goes(
    hardened, host, staged, status, sentence
):
    script = f"""
        rm -f /tmp/staged && {staged} /tmp/staged && echo 'ana ALL=(ALL' >/etc/sudoers.d/typo
        sh -s /tmp/staged deploy README ringfence-verify <<'END'
{library("sudo")}
END
        status=$?; rm -f /etc/sudoers.d/typo /tmp/staged; exit $status
    """
    tried = labs.run_on(hardened.path, host, script)
    assert (tried.returncode, bool(tried.stdout)) == (status, bool(sentence)), tried
    assert sentence in tried.stdout
    assert "typo" not in tried.stdout
    assert "not a regular file" not in tried.stdout
