"""What the suite says of hosts that no role ever touched: stock ones, and ones hardened by hand."""

import json
import shlex
from pathlib import Path

import pytest
import yaml

from ringfence import lab as labs
from ringfence.catalogue import load_catalogue
from ringfence.pki.issuing import Issuing
from ringfence.site import find_house, load_site
from ringfence.site.integrity import KeptBaseline, keep_baseline
from roles.logging.safe import SiteSafe

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
LAST = ("alerts", "detection", "integrity")
SCRIPTS = sorted(
    Path(__file__).with_name("by_hand").glob("*.sh"),
    key=lambda path: (path.stem in LAST, path.stem),
)
"""What is run, in the order of the names: harden.sh, and those of roles that the house has on; last
what wants the packet filter that harden.sh makes, and then what compares files."""
UNITS = [
    "nftables.service",
    "chrony.service",
    "fail2ban.service",
    *(f"site-{work}.timer" for work in ("inactive", "integrity", "inventory", "permissions")),
]
"""What the scripts make or write anew: no package brought it so, and the site declares it."""


@pytest.fixture(autouse=True)
def _stock_again(lab):
    yield
    labs.reset(lab.path, list(CONTAINERS), say=print)


@pytest.fixture
def by_hand(stock, tmp_path):
    """The stock containers in a site that declares what the scripts make."""
    path = tmp_path / "by_hand"
    made = stock.copied(path)
    policy = yaml.safe_load((path / "policy.yml").read_text())
    policy["system"]["needed"].append({"units": UNITS, "purpose": "hosts are hardened by hand"})
    (path / "policy.yml").write_text(yaml.safe_dump(policy))
    return made


def parameters(site, host):
    """Return what the script is told of a host: the site's intent and nothing else."""
    access = site.access(host)[0]
    key = access.keys[0]
    settings = site.policy.ssh
    declaration = {
        "name": host.name,
        "site": site.name,
        "role": host.groups,
        "owner": host.owner,
        "data_level": host.classification.value,
        "clients": host.clients,
        "pci": host.pci,
        "ephi": host.ephi,
        "ens_category": host.ens_category,
        "baseline_version": "1.0 by hand",
        "policy_digest": site.policy_digest(host),
    }
    return {
        "DECLARATION": json.dumps(declaration, indent=2),
        "BANNER": settings.banner,
        "ACCOUNT": access.user,
        "KEY": key.public_key,
        "LAST_DAY": key.expires.strftime("%Y%m%d"),
        "SOURCES": ",".join(key.sources),
        "PORT": settings.port,
        "GRACE": settings.login_grace_seconds,
        "ATTEMPTS": settings.attempts,
        "SESSIONS": settings.sessions,
        "IDLE": settings.idle_minutes * 60,
        **of_packets(site, host),
        **of_the_verifier(site, host),
        **of_people(site, host),
        "NOTICE": site.policy.system.notice,
        "DUTIES_OF_ALL": site.policy.system.duties,
        **of_time(site, host),
        **of_guesses(site),
        **of_alerts(site),
        "WIRELESS": "yes" if site.policy.system.has_wireless(host) else "no",
    }


def of_packets(site, host):
    """Return the paths that lead to a host and from it, one by one."""
    settings = site.policy.firewall
    networks = [network.removesuffix("/32") for network in settings.administration]
    paths = [f"in tcp {site.policy.ssh.port} {network}" for network in networks]
    for flow in site.policy.flows:
        for other in site.hosts.values():
            if host.in_group(flow.destination) and other.in_group(flow.source):
                paths.append(f"in {flow.protocol} {flow.port} {other.address}")
            if host.in_group(flow.source) and other.in_group(flow.destination):
                paths.append(f"out {flow.protocol} {flow.port} {other.address}")
    for entry in settings.egress:
        if any(host.in_group(group) for group in entry.groups):
            paths += [f"out {entry.protocol} {entry.port} {address}" for address in entry.to]
    return {
        "PATHS": "\n".join(paths),
        "DHCP": "yes" if settings.dhcp else "no",
        "LOGGED": settings.log_per_second,
    }


def of_time(site, host):
    """Return whom a host asks for the time, and who may ask it."""
    if "time" not in site.house.roles:
        return {}
    settings = site.policy.time
    return {
        "TIME_SERVERS": " ".join(one.address for one in settings.upstreams(site, host)),
        "TIME_CLIENTS": " ".join(settings.clients(site, host)),
    }


def of_guesses(site):
    """Return who is shut out after how many wrong tries, and who never."""
    if "detection" not in site.house.roles:
        return {}
    settings = site.policy.detection
    return {
        "TRIES": settings.attempts,
        "WITHIN": settings.within_minutes * 60,
        "OUT": settings.ban_minutes * 60,
        "SAFE": " ".join(settings.never_banned(site)),
    }


def of_alerts(site):
    """Return who hears of failures, and how."""
    if "alerts" not in site.house.roles:
        return {}
    return {"CHANNELS": json.dumps(site.policy.alerts.channels_shown)}


def of_the_verifier(site, host):
    """Return what the site says of the account that verifies."""
    access = site.access(host)[-1]
    key = access.keys[0]
    return {
        "VERIFIER": access.user,
        "VERIFIER_COMMAND": access.command,
        "VERIFIER_KEY": key.public_key,
        "VERIFIER_LAST_DAY": key.expires.strftime("%Y%m%d"),
        "VERIFIER_SOURCES": ",".join(key.sources),
        "DATA": "".join(
            f"{entry.path} {entry.group}\n" for entry in site.policy.permissions.data_of(host)
        ),
    }


def of_people(site, host):
    """Return the people whom the site admits, with their groups, and what these may run."""
    if "accounts" not in site.house.roles:
        return {}
    settings = site.policy.accounts
    people = []
    for access in site.access(host)[1:]:
        if access.command is None:
            one = site.policy.people[access.user]
            groups = [f"duty-{role}" for role in one.roles if role in settings.duties]
            groups += ["adm", "systemd-journal"] if settings.looks_after_logs(one.roles) else []
            people.append(f"{access.user} {','.join(groups) or '-'} {one.full_name}\n")
    duties = [f"duty-{role} {', '.join(d.commands)}\n" for role, d in settings.duties.items()]
    return {
        "PEOPLE": "".join(people).strip(),
        "DUTIES": "".join(duties).strip(),
        "INACTIVE_DAYS": settings.inactive_days,
    }


def harden_by_hand(lab, name):
    site = load_site(lab.path)
    told = parameters(site, site.host(name)).items()
    assignments = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in told)
    wanted = {"harden", *site.house.roles}
    texts = [path.read_text() for path in SCRIPTS if path.stem in wanted]
    lab.run_on(name, "\n".join(["set -eu", assignments, *texts]))
    if "pki" in site.house.roles:
        certify_by_hand(lab, site, name)
    if "logging" in site.house.roles:
        key = lab.run_on(name, "cat /run/site-seal && rm /run/site-seal")
        SiteSafe(site=site, host=site.host(name)).keep(key.strip())
    if "integrity" in site.house.roles:
        remember_by_hand(lab, site, name)


def remember_by_hand(lab, site, name):
    """Write down, off the host, what the baseline is that the script made."""
    digests = lab.run_on(
        name,
        "sha256sum /var/lib/ringfence/integrity/database /etc/ringfence/aide.conf; date +%s.%N",
    )
    database, rules, moment = (line.split()[0] for line in digests.splitlines())
    keep_baseline(
        site.path,
        KeptBaseline(host=name, database=database, rules=rules, taken=moment, change="by hand"),
    )


def certify_by_hand(lab, site, name):
    """Sign the request that the script made, and copy the three files beside the key."""
    issuing = Issuing(site, [lab.path / ".lab/id_ed25519"])
    request = lab.run_on(name, "cat /etc/ringfence/host.csr && rm /etc/ringfence/host.csr")
    issuing.issue(site.host(name), request.encode())
    files = issuing.files
    for own, kept in (
        ("host.pem", files.certificate(name)),
        ("ca.pem", files.authority),
        ("crl.pem", files.revoked),
    ):
        place = f"/etc/ringfence/pki/{own}"
        lab.run_on(name, f"cat >{place} <<'END'\n{kept.read_text()}END\nchmod 644 {place}\n")


def test_a_stock_host_is_red_on_every_control(stock):
    code, verdicts = stock.verify("--limit", ",".join(CONTAINERS))
    controls = load_catalogue(find_house(stock.house)).controls
    assert code == 1
    assert set(verdicts) == {(host, control) for host in CONTAINERS for control in controls}
    assert verdicts == stock.of_a_stock_host(verdicts)


def test_a_host_hardened_by_hand_is_green(lab, by_hand):
    for name in CONTAINERS:
        harden_by_hand(by_hand, name)
    labs.reboot(lab.path, list(CONTAINERS), say=print)
    code, _ = by_hand.verify("--limit", ",".join(CONTAINERS))
    red = [
        f"{test['host']} {test['test']}: {test['message']}"
        for test in by_hand.results()
        if test["verdict"] not in {"pass", "not_applicable", "waived"}
    ]
    assert not red
    assert code == 0
