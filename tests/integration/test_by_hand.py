"""What the suite says of hosts that no role ever touched: stock ones, and ones hardened by hand."""

import json
import shlex
from pathlib import Path

import pytest

from ringfence import lab as labs
from ringfence.catalogue import load_catalogue
from ringfence.site import find_house, load_site

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
SCRIPT = Path(__file__).with_name("by_hand") / "harden.sh"


@pytest.fixture(autouse=True)
def _stock_again(lab):
    yield
    labs.reset(lab.path, list(CONTAINERS), say=print)


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
        "DATA": "".join(
            f"{entry.path} {entry.group}\n" for entry in site.policy.permissions.data_of(host)
        ),
    }


def harden_by_hand(lab, name):
    site = load_site(lab.path)
    told = parameters(site, site.host(name)).items()
    assignments = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in told)
    lab.run_on(name, assignments + SCRIPT.read_text())


def test_a_stock_host_is_red_on_every_control(stock):
    code, verdicts = stock.verify("--limit", ",".join(CONTAINERS))
    controls = load_catalogue(find_house(stock.house)).controls
    assert code == 1
    assert verdicts == {(host, control): "fail" for host in CONTAINERS for control in controls}


def test_a_host_hardened_by_hand_is_green(stock):
    for name in CONTAINERS:
        harden_by_hand(stock, name)
    code, _ = stock.verify("--limit", ",".join(CONTAINERS))
    red = [
        f"{test['host']} {test['test']}: {test['message']}"
        for test in stock.results()
        if test["verdict"] not in {"pass", "not_applicable"}
    ]
    assert not red
    assert code == 0
