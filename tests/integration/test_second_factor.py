"""Real logins on bastions of both Debians: by a key alone, with a code, and with a used one."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence import lab as labs
from ringfence.secrets import totp

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
ENROLLED = ("ana", "bruno")
ADMITTED = (*ENROLLED, "carla")
ATTEMPTS_LAST = 31  # seconds, in which three codes may be tried
COMMAND = [sys.executable, "-uc", "from ringfence.cli import main; main()"]
EVERY_HOST = pytest.mark.parametrize("host", CONTAINERS)


@dataclass
class Bastions:
    """A site of two bastions, and what its people have to prove who they are."""

    site: Any
    folder: Path
    keys: dict[str, str] = field(default_factory=dict)
    recovery_codes: dict[str, list[str]] = field(default_factory=dict)

    def login(self, host, name, code=""):
        """Log in with a key, and a code if there is one; return whether, and what was said.

        OpenSSH from 9.8 shuts out for a while an address that failed too often: that is waited for.
        """
        for _ in range(20):
            entered, said = self.attempt(host, name, code)
            if entered or "Permission denied" in said:
                break
            time.sleep(5)
        return entered, said

    def attempt(self, host, name, code):
        asked = {"CODE": code, "SSH_ASKPASS_REQUIRE": "force"}
        asked["SSH_ASKPASS"] = str(self.folder / "askpass")
        ended = subprocess.run(
            [
                *("ssh", "-F", str(self.site.path / ".lab/ssh_config"), "-l", name),
                *("-i", str(self.folder / name), "-o", "NumberOfPasswordPrompts=1"),
                *("-o", f"BatchMode={'no' if code else 'yes'}", host, "id -un"),
            ],
            env=self.site.environment | asked,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.stdout.strip() == name, ended.stderr

    def demand_entry(self, host, name, code):
        entered, said = self.login(host, name, code)
        assert entered, said

    def demand_refusal(self, host, name, code=""):
        """Demand that the key is taken, and that more is asked for in vain."""
        entered, said = self.login(host, name, code)
        assert not entered
        assert "Permission denied (keyboard-interactive)" in said

    def code(self, name):
        return totp.code(self.keys[name], time.time())

    def wrong_code(self, name):
        now = time.time()
        near = {totp.code(self.keys[name], now + 30 * step) for step in range(-5, 6)}
        return next(text for text in map(str, range(100_000, 100_012)) if text not in near)

    def enrol(self, name, *options):
        """Enrol somebody as an operator does, with the code that an app would show."""
        with subprocess.Popen(
            [*COMMAND, "people", "enrol", str(self.site.path), name, *options],
            env=self.site.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            shown = [running.stdout.readline() for _ in range(3)]
            self.keys[name] = re.search(r"secret=([A-Z2-7]+)", shown[0])[1]
            self.recovery_codes[name] = shown[2].split()
            running.communicate(f"{self.code(name)}\n")
        assert running.returncode == 0

    def ringfence(self, command, *arguments):
        return self.site.ringfence(command, str(self.site.path), *arguments)

    def apply(self):
        ended = self.ringfence("apply", "--no-verify")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


TIME = {"from": "bastion", "to": "bastion", "port": 123, "protocol": "udp", "purpose": "time"}


@pytest.fixture(scope="module")
def bastions(lab, tmp_path_factory):
    """Two hardened bastions with three people on them, of whom two are enrolled."""
    folder = tmp_path_factory.mktemp("people")
    path = folder / "site"
    made = Bastions(lab.copied(path), folder)
    (folder / "askpass").write_text('#!/bin/sh\nprintf "%s\\n" "$CODE"\n')
    (folder / "askpass").chmod(0o700)
    write_site(path, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RINGFENCE_IDENTITY", made.site.environment["RINGFENCE_IDENTITY"])
        for host in CONTAINERS:
            lab.run_on(host, "".join(f"useradd -m -s /bin/bash {name}\n" for name in ADMITTED))
        for name in ENROLLED:
            made.enrol(name)
        made.apply()
        yield made
    labs.reset(lab.path, list(CONTAINERS), say=print)


def write_site(path, folder):
    """Make both containers bastions, and give three people new keys.

    A date is copied for each: the same one would be written as an alias, which no site may have.
    """
    hosts = yaml.safe_load((path / "hosts.yml").read_text())
    hosts["hosts"] = {name: hosts["hosts"][name] for name in CONTAINERS}
    for host in hosts["hosts"].values():
        host |= {"groups": ["bastion"], "classification": "medium"}
    (path / "hosts.yml").write_text(yaml.safe_dump(hosts))
    lab = yaml.safe_load((path / "lab.yml").read_text())
    lab["hosts"] = {name: lab["hosts"][name] for name in CONTAINERS}
    (path / "lab.yml").write_text(yaml.safe_dump(lab))
    policy = yaml.safe_load((path / "policy.yml").read_text())
    policy["flows"] = [TIME]
    policy["permissions"]["data"] = []
    for name in ADMITTED:
        key = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        policy["people"][name] = {
            "full_name": name.title(),
            "roles": ["administrator"],
            "ssh_keys": [
                {
                    "key": key.with_suffix(".pub").read_text().strip(),
                    "expires": policy["deploy_access"][0]["expires"].replace(),
                }
            ],
        }
    (path / "policy.yml").write_text(yaml.safe_dump(policy))


@EVERY_HOST
def test_a_key_alone_stays_outside(bastions, host):
    for name in ADMITTED:
        bastions.demand_refusal(host, name)


@EVERY_HOST
def test_a_key_and_a_code_open_once(bastions, host):
    code = bastions.code("ana")
    bastions.demand_entry(host, "ana", code)
    bastions.demand_refusal(host, "ana", code)
    bastions.demand_refusal(host, "ana", bastions.wrong_code("ana"))


@EVERY_HOST
def test_a_code_without_a_key_stays_outside(bastions, host):
    entered, said = bastions.login(host, "root", bastions.code("ana"))
    assert not entered
    assert "Permission denied (publickey)" in said


@EVERY_HOST
def test_who_is_not_enrolled_stays_outside(bastions, host):
    bastions.demand_refusal(host, "carla", bastions.code("ana"))
    warned = bastions.ringfence("check").stdout
    assert "carla" in warned
    assert "people enrol" in warned


@EVERY_HOST
def test_the_account_that_deploys_needs_its_key_alone(bastions, host):
    ssh = ["ssh", "-F", str(bastions.site.path / ".lab/ssh_config"), "-o", "BatchMode=yes"]
    ended = subprocess.run([*ssh, host, "id -un"], capture_output=True, text=True, check=True)
    assert ended.stdout == "deploy\n"


@EVERY_HOST
def test_another_apply_changes_nothing_and_makes_no_used_code_good(bastions, host):
    spent, left, last = bastions.recovery_codes["bruno"][:3]
    bastions.demand_entry(host, "bruno", spent)
    assert bastions.ringfence("plan", "--limit", host).returncode == 0
    assert f"{host}: ok, 0 changed" in bastions.apply()
    bastions.demand_refusal(host, "bruno", spent)

    file = "/etc/ringfence/totp/bruno"
    bastions.site.run_on(host, f"sed -i '/DISALLOW_REUSE/d' {file}; chmod 644 {file}")
    assert f"{host}: ok, 1 changed" in bastions.apply()
    assert bastions.site.run_on(host, f"stat -c '%U %a' {file}") == "root 600\n"
    bastions.demand_refusal(host, "bruno", spent)
    time.sleep(ATTEMPTS_LAST)
    bastions.demand_entry(host, "bruno", left)
    bastions.demand_refusal(host, "bruno", left)
    bastions.demand_entry(host, "bruno", last)


def test_the_baseline_is_met(bastions):
    code, verdicts = bastions.site.verify()
    assert code == 0
    assert {verdicts[host, "SSH-05"] for host in CONTAINERS} == {"pass"}


def test_a_new_second_factor_ends_the_old_one(bastions):
    old = bastions.keys["ana"]
    bastions.enrol("ana", "--again")
    bastions.apply()
    time.sleep(ATTEMPTS_LAST)
    for host in CONTAINERS:
        bastions.demand_entry(host, "ana", bastions.code("ana"))
        bastions.demand_refusal(host, "ana", totp.code(old, time.time()))
        kept = f"find /var/lib/ringfence -type f -exec grep -l {old[:8]} {{}} +"
        assert bastions.site.run_on(host, f"{kept} || true") == ""
