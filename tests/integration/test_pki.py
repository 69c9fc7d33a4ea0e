"""Certificates on real hosts: due, renewed, revoked, lost on the way; keys that stay at home.

The role alone is applied: what it does with the others is seen wherever a whole baseline is.
"""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from ringfence.pki.issuing import KEY, Issuing
from ringfence.pki.keys import checked_key
from ringfence.pki.lifetime import utc_now
from ringfence.pki.register import Issued
from ringfence.secrets import Vault
from ringfence.site import load_site

HOSTS = ("bastion1", "agent1")  # Debian 13 and Debian 12
PLACE = "/etc/ringfence/pki"
BOTH = ("--limit", ",".join(HOSTS))
ALONE = (*BOTH, "--role", "pki")


@pytest.fixture(scope="module")
def certified(lab):
    """The containers with a certificate each."""
    return applied(lab)


@pytest.fixture
def issuing(certified):
    """The site's authority, which these tests may use as its operators do."""
    return Issuing(load_site(certified.path), [certified.path / ".lab/id_ed25519"])


@pytest.fixture
def without_secrets(certified, tmp_path):
    """Runs a command as somebody who can open no secret."""

    def run(command, *words):
        return subprocess.run(
            [
                *(sys.executable, "-c", "from ringfence.cli import main; main()"),
                *(command, str(certified.path), *ALONE, *words),
            ],
            env=certified.environment | {"RINGFENCE_IDENTITY": "", "HOME": str(tmp_path)},
            cwd=certified.house,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def applied(lab):
    ended = lab.ringfence("apply", str(lab.path), *ALONE, "--no-verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return lab


def make_older(issuing, certified, days):
    """Have the hosts' certificates be as they will be some day, on them and in the register."""
    files, site = issuing.files, load_site(certified.path)
    with files.locked():
        authority, register = issuing._authority(), files.register()
        for host in HOSTS:
            key, begun = checked_key(files.kept(register.latest()[host])), utc_now()
            begun -= timedelta(days=days)
            made = authority.certify(key, host, site.host(host).address, begun)
            register.issued.append(Issued.of(made, host))
            files.save(register)
            files.save_certificate(host, made)
    for host in HOSTS:
        pem = files.certificate(host).read_text()
        certified.run_on(host, f"cat >{PLACE}/host.pem <<'END'\n{pem}END\n")


def count(issuing):
    return len(issuing.files.register().issued)


def words_of_pyinfra(certified):
    """What the runs so far have kept of pyinfra's words: a file each time that it was started."""
    return sorted(certified.path.glob("runs/*/*.log"))


def test_keys_are_where_they_were_made_and_nowhere_else(certified):
    vault = Vault(certified.path, [certified.path / ".lab/id_ed25519"])
    signing = vault.secrets()[KEY].get_secret_value().split("\n")[1]
    places = [path for path in certified.path.iterdir() if path.name != ".lab"]  # the hosts' disks
    kept = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    for host in HOSTS:
        own = certified.run_on(host, f"sed '1d;$d' {PLACE}/host.key").split()[0]
        for path in kept:
            content = path.read_bytes()
            assert (own.encode() in content, signing.encode() in content) == (False, False), path
        found = certified.run_on(
            host,
            f"journalctl -q --no-pager | grep -F -e '{own}' -e '{signing}'; "
            f"grep -rlF -e '{own}' -e '{signing}' /etc /home /root /tmp /var || :",
        )
        assert found.split() == [f"{PLACE}/host.key"]


def test_a_host_at_rest_needs_no_secret_no_signature_and_one_round_trip(
    certified, issuing, without_secrets
):
    before = count(issuing)
    planned = without_secrets("plan")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    known = words_of_pyinfra(certified)
    for command in (("plan",), ("apply", "--no-verify")):
        ended = without_secrets(*command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert words_of_pyinfra(certified) == known
    assert count(issuing) == before


def test_what_is_due_is_planned_without_a_signature_and_renewed_by_apply(
    certified, issuing, without_secrets
):
    make_older(issuing, certified, 59)
    assert without_secrets("plan").returncode == 0
    make_older(issuing, certified, 60)
    before = count(issuing)
    planned = without_secrets("plan")
    assert planned.returncode == 2, planned.stdout + planned.stderr
    assert planned.stdout.count(f"{PLACE}/host.pem") == len(HOSTS)
    refused = without_secrets("apply", "--no-verify")
    assert refused.returncode == 1
    assert "no identity to open the secrets with" in refused.stdout
    assert count(issuing) == before
    applied(certified)
    assert count(issuing) == before + len(HOSTS)


def test_what_was_renewed_beforehand_is_brought_without_a_secret(
    certified, issuing, without_secrets
):
    renewed = certified.ringfence("pki", "renew", str(certified.path), *BOTH, "--early")
    assert renewed.returncode == 0, renewed.stderr
    before = count(issuing)
    ended = without_secrets("apply", "--no-verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert count(issuing) == before
    assert without_secrets("plan").returncode == 0


def test_an_apply_that_was_killed_after_a_signature_is_ended_without_another(certified, issuing):
    for host in HOSTS:
        certified.run_on(host, f"rm {PLACE}/host.key")
    kept = {host: issuing.files.certificate(host) for host in HOSTS}
    before = {host: path.read_bytes() for host, path in kept.items()}
    words = ("apply", str(certified.path), *ALONE, "--no-verify")
    with subprocess.Popen(
        [sys.executable, "-c", "from ringfence.cli import main; main()", *words],
        env=certified.environment,
        cwd=certified.house,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        while not (signed := [h for h in HOSTS if kept[h].read_bytes() != before[h]]):
            assert running.poll() is None
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGKILL)
    made = {host: kept[host].read_bytes() for host in signed}
    applied(certified)
    assert {host: kept[host].read_bytes() for host in signed} == made
    for host in HOSTS:
        assert certified.run_on(host, f"cat {PLACE}/host.pem") == kept[host].read_text()
        found = certified.run_on(host, f"ls -A {PLACE}").split()
        assert found == ["ca.pem", "crl.pem", "host.key", "host.pem"]


def test_a_revoked_certificate_is_turned_down_by_the_other_host(certified):
    former = certified.run_on("agent1", f"cat {PLACE}/host.pem")
    key = certified.run_on("agent1", f"sha256sum {PLACE}/host.key")

    def judged(certificate):
        said = certified.run_on(
            "bastion1",
            f"cd {PLACE} && cat >/tmp/shown.pem <<'END'\n{certificate}END\n"
            "openssl verify -x509_strict -crl_check -CAfile ca.pem -CRLfile crl.pem "
            "/tmp/shown.pem 2>&1 || :",
        )
        return said.strip().rpartition("\n")[2]

    assert judged(former) == "/tmp/shown.pem: OK"
    revoked = certified.ringfence("pki", "revoke", str(certified.path), "agent1")
    assert revoked.returncode == 0, revoked.stderr
    applied(certified)
    assert judged(former) != "/tmp/shown.pem: OK"
    assert judged(certified.run_on("agent1", f"cat {PLACE}/host.pem")) == "/tmp/shown.pem: OK"
    assert certified.run_on("agent1", f"sha256sum {PLACE}/host.key") != key
    listed = certified.ringfence("pki", "list", str(certified.path), "--json")
    states = [one["state"] for one in json.loads(listed.stdout)["certificates"]]
    assert "revoked" in states
    code, verdicts = certified.verify(*BOTH, "--control", "TLS-02")
    assert (code, verdicts) == (0, {(host, "TLS-02"): "pass" for host in HOSTS})
