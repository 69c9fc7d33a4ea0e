"""Time from a source that proves who it is by NTS (RFC 8915): chrony asks another chrony."""

import time

import pytest
import yaml

SERVER = """
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update >/dev/null
apt-get install --yes --no-install-recommends chrony openssl >/dev/null 2>&1
systemctl stop chrony.service
mkdir -p /run/nts
cd /run/nts
cat >certify <<'END'
set -e # a name: the certificate is of the address in any case, and of a new key
cd /run/nts
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj "/CN=$1" \\
    -addext "subjectAltName=IP:{address}" -keyout key.pem -out "$1.pem" 2>/dev/null
cp "$1.pem" shown.pem
systemctl stop nts.service 2>/dev/null || true
systemd-run --quiet --collect --unit=nts chronyd -x -d -u root -f /run/nts/chrony.conf
END
cat >chrony.conf <<'END'
local stratum 3
allow
cmdport 0
bindcmdaddress /
pidfile /run/nts/pid
ntsserverkey /run/nts/key.pem
ntsservercert /run/nts/shown.pem
END
sh certify known
"""
TRUST = """
export DEBIAN_FRONTEND=noninteractive
apt-get update >/dev/null
apt-get install --yes --no-install-recommends ca-certificates >/dev/null 2>&1
cat >/usr/local/share/ca-certificates/nts.crt <<'END'
{certificate}END
update-ca-certificates >/dev/null 2>&1
"""
ANSWERS = 60  # seconds


@pytest.fixture(params=["bastion1", "agent1"])  # Debian 13 and Debian 12
def asking(request, stock, tmp_path):
    """A host whose site has one source of time, which speaks NTS: another host with its own
    authority, which the first one trusts."""
    name, source = request.param, {"bastion1": "agent1", "agent1": "bastion1"}[request.param]
    site = stock.copied(tmp_path / "nts")
    hosts = yaml.safe_load((site.path / "hosts.yml").read_text())["hosts"]
    address = hosts[source]["address"]
    policy = yaml.safe_load((site.path / "policy.yml").read_text())
    policy["time"] = {"sources": [{"address": address, "nts": True}]}
    (site.path / "policy.yml").write_text(yaml.safe_dump(policy))
    site.run_on(source, SERVER.format(address=address))
    certificate = site.run_on(source, "cat /run/nts/known.pem")
    site.run_on(name, TRUST.format(certificate=certificate))
    return site, name, source


def verified(site, name, code):
    """Verify TIM-01 until it ends as wanted, or time is up."""
    until = time.monotonic() + ANSWERS
    while True:
        ended = site.ringfence("verify", str(site.path), "--limit", name, "--control", "TIM-01")
        if ended.returncode == code or time.monotonic() > until:
            break
        time.sleep(2)
    assert ended.returncode == code, ended.stdout + ended.stderr


def test_a_host_follows_a_source_that_proves_who_it_is_and_no_stranger(asking):
    site, name, source = asking
    only = ("--limit", name, "--role", "identity,time", "--no-verify")
    applied = site.ringfence("apply", str(site.path), *only)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    verified(site, name, 0)
    proven = site.run_on(name, "chronyc -n authdata").splitlines()[-1].split()
    assert proven[1] == "NTS"
    assert int(proven[8]) > 0, "no cookie was given by the source"

    site.run_on(source, "sh /run/nts/certify stranger")
    site.run_on(name, "rm -f /var/lib/chrony/*.nts; systemctl restart chrony.service")
    verified(site, name, 1)
    failed = [test["message"] for test in site.results() if test["verdict"] == "fail"]
    assert "sources that chronyd follows: expected at least 1, observed 0" in failed
