"""Certificates on real hosts: due, renewed, revoked, lost on the way; keys that stay at home."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from ringfence.pki.issuing import Issuing
from ringfence.pki.keys import checked_key
from ringfence.pki.lifetime import utc_now
from ringfence.pki.register import Issued
from ringfence.site import load_site

HOSTS = ("bastion1", "agent1")  # Debian 13 and Debian 12
PLACE = "/etc/ringfence/pki"
LIMIT = ("--limit", ",".join(HOSTS))
EVERY_HOST = pytest.mark.parametrize("host", HOSTS)


@pytest.fixture
def issuing(hardened):
    """The site's authority, which these tests may use as its operators do."""
    return Issuing(load_site(hardened.path), [hardened.path / ".lab/id_ed25519"])


@pytest.fixture
def without_secrets(hardened, tmp_path):
    """Runs a command as somebody who can open no secret."""

    def run(command, *words):
        return subprocess.run(
            [
                *(sys.executable, "-c", "from ringfence.cli import main; main()"),
                *(command, str(hardened.path), *words),
            ],
            env=hardened.environment | {"RINGFENCE_IDENTITY": "", "HOME": str(tmp_path)},
            cwd=hardened.house,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def make_older(issuing, hardened, host, days):
    """Have a host's certificate be as it will be some day, on the host and in the register."""
    files = issuing.files
    with files.locked():
        authority, register = issuing._authority(), files.register()
        declared = load_site(hardened.path).host(host)
        key = checked_key(files.kept(register.latest()[host]))
        made = authority.certify(key, host, declared.address, utc_now() - timedelta(days=days))
        register.issued.append(Issued.of(made, host))
        files.save(register)
        files.save_certificate(host, made)
    pem = files.certificate(host).read_text()
    hardened.run_on(host, f"cat >{PLACE}/host.pem <<'END'\n{pem}END\n")


def count(issuing):
    return len(issuing.files.register().issued)


@EVERY_HOST
def test_the_key_is_on_the_host_alone(hardened, host):
    lines = hardened.run_on(host, f"sed '1d;$d' {PLACE}/host.key").split()
    for path in hardened.path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert lines[0].encode() not in path.read_bytes(), path
    said = hardened.run_on(host, f"journalctl -q --no-pager | grep -cF -e '{lines[0]}' || :")
    assert said.strip() == "0"


def test_a_host_at_rest_needs_no_secret_and_no_signature(issuing, without_secrets):
    before = count(issuing)
    for command in (("plan",), ("apply", "--no-verify")):
        ended = without_secrets(*command, *LIMIT)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert count(issuing) == before


@EVERY_HOST
def test_what_is_due_is_planned_without_a_signature_and_renewed_by_apply(
    hardened, issuing, without_secrets, host
):
    make_older(issuing, hardened, host, 59)
    assert without_secrets("plan", "--limit", host).returncode == 0
    make_older(issuing, hardened, host, 60)
    before = count(issuing)
    planned = without_secrets("plan", "--limit", host)
    assert planned.returncode == 2, planned.stdout + planned.stderr
    assert f"{PLACE}/host.pem" in planned.stdout
    assert count(issuing) == before
    refused = without_secrets("apply", "--limit", host, "--no-verify")
    assert refused.returncode == 1
    assert "no identity to open the secrets with" in refused.stdout
    applied = hardened.ringfence("apply", str(hardened.path), "--limit", host)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert count(issuing) == before + 1
    assert without_secrets("plan", "--limit", host).returncode == 0


def test_what_was_renewed_beforehand_is_brought_without_a_secret(
    hardened, issuing, without_secrets
):
    renewed = hardened.ringfence("pki", "renew", str(hardened.path), *LIMIT, "--early")
    assert renewed.returncode == 0, renewed.stderr
    assert without_secrets("plan", *LIMIT).returncode == 2
    applied = without_secrets("apply", *LIMIT)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert without_secrets("plan", *LIMIT).returncode == 0


@EVERY_HOST
def test_an_apply_that_was_killed_after_the_signature_is_ended_without_another(
    hardened, issuing, without_secrets, host
):
    hardened.run_on(host, f"rm {PLACE}/host.key")
    register = hardened.path / "pki/register.json"
    before, written = count(issuing), register.stat().st_ino
    words = ("apply", str(hardened.path), "--limit", host, "--role", "pki", "--no-verify")
    with subprocess.Popen(
        [sys.executable, "-c", "from ringfence.cli import main; main()", *words],
        env=hardened.environment,
        cwd=hardened.house,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        while register.stat().st_ino == written and running.poll() is None:
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGKILL)
    assert count(issuing) == before + 1
    ended = without_secrets("apply", "--limit", host)
    if "no identity" in ended.stdout:  # it died before the certificate itself was kept
        ended = hardened.ringfence("apply", str(hardened.path), "--limit", host)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert without_secrets("plan", "--limit", host).returncode == 0
    assert hardened.run_on(host, f"ls -A {PLACE}").split() == [
        *("ca.pem", "crl.pem", "host.key", "host.pem"),
    ]


def test_a_revoked_certificate_is_turned_down_by_the_other_host(hardened, issuing):
    former = hardened.run_on("agent1", f"cat {PLACE}/host.pem")
    key = hardened.run_on("agent1", f"sha256sum {PLACE}/host.key")

    def judged(certificate):
        said = hardened.run_on(
            "bastion1",
            f"cd {PLACE} && cat >/tmp/shown.pem <<'END'\n{certificate}END\n"
            "openssl verify -x509_strict -crl_check -CAfile ca.pem -CRLfile crl.pem "
            "/tmp/shown.pem 2>&1 || :",
        )
        return said.strip().rpartition("\n")[2]

    assert judged(former) == "/tmp/shown.pem: OK"
    revoked = hardened.ringfence("pki", "revoke", str(hardened.path), "agent1")
    assert revoked.returncode == 0, revoked.stderr
    applied = hardened.ringfence("apply", str(hardened.path), *LIMIT)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert judged(former) != "/tmp/shown.pem: OK"
    assert judged(hardened.run_on("agent1", f"cat {PLACE}/host.pem")) == "/tmp/shown.pem: OK"
    assert hardened.run_on("agent1", f"sha256sum {PLACE}/host.key") != key
    listed = hardened.ringfence("pki", "list", str(hardened.path), "--json")
    states = [one["state"] for one in json.loads(listed.stdout)["certificates"]]
    assert "revoked" in states
