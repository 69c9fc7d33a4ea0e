from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.site import House, Site, SiteError, find_house, load_site

CHECKOUT = Path(__file__).parents[4]
TODAY = date(2026, 11, 21)

HOSTS = """\
name: clean
hosts:
  bastion1:
    address: 10.0.0.1
    groups: [bastion]
    classification: medium
    owner: ana
  pbx1:
    address: 10.0.0.2
    groups: [pbx]
    classification: medium
    owner: ana
    ssh: {via: bastion1}
  log1:
    address: 10.0.0.3
    groups: [log_collector]
    classification: high
    owner: carmen
    ssh: {via: bastion1}
  agent1:
    address: 10.0.0.4
    groups: [agents]
    classification: basic
    owner: ana
    ssh: {via: bastion1}
"""
POLICY = """\
organisation: {name: Clean}
people:
  ana:
    full_name: Ana Ruiz
    roles: [administrator]
    ssh_keys: [{key: KEY1, expires: 2027-06-30}]
  carmen:
    full_name: Carmen Soto
    roles: [security_officer]
    ssh_keys: [{key: KEY2, expires: 2027-06-30}]
access:
  - {groups: [all], roles: [administrator]}
  - {groups: [log_collector], roles: [security_officer]}
accounts:
  duties:
    administrator: {commands: [ALL]}
  log_officers: [security_officer]
deploy_access:
  - {key: KEY3, owner: ana, expires: 2027-06-30, sources: [10.0.0.1, 10.9.0.0/28]}
flows:
  - {from: internet, to: bastion, port: 22, protocol: tcp, purpose: people}
  - {from: bastion, to: pbx, port: 22, protocol: tcp, purpose: people}
  - {from: bastion, to: log_collector, port: 22, protocol: tcp, purpose: people}
  - {from: bastion, to: agents, port: 22, protocol: tcp, purpose: people}
  - {from: agents, to: pbx, port: 5061, protocol: tcp, purpose: calls}
  - {from: bastion, to: log_collector, port: 2514, protocol: tcp, purpose: logs}
  - {from: pbx, to: log_collector, port: 2514, protocol: tcp, purpose: logs}
  - {from: agents, to: log_collector, port: 2514, protocol: tcp, purpose: logs}
firewall:
  egress:
    - {to: [10.9.0.53], port: 53, protocol: udp, purpose: names}
    - {to: [10.9.0.48/29], port: 123, protocol: udp, purpose: time}
    - {to: [internet], port: 443, protocol: tcp, purpose: packages}
    - {to: [10.9.0.25], port: 25, protocol: tcp, purpose: alerts}
time:
  sources: [{address: 10.9.0.53}, {address: 10.9.0.54}, {address: 10.9.0.55}]
alerts:
  mail: [{name: soc, server: 10.9.0.25, port: 25, sender: r@example.org, to: [s@example.org]}]
logging: {anchor: bastion1}
"""


def new_key() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


KEYS = {f"KEY{number}": new_key() for number in (1, 2, 3, 4)}


@pytest.fixture
def key() -> str:
    """A key that the site doesn't have."""
    return KEYS["KEY4"]


@pytest.fixture
def own_key() -> str:
    """The key of ana."""
    return KEYS["KEY1"]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Site]:
    """Load the clean site, in whose files texts are replaced: pairs of old and new."""

    def loaded(*replacements: tuple[str, str]) -> Site:
        texts = {"hosts": HOSTS, "policy": POLICY, "waivers": "waivers: []\n"}
        for old, new in replacements:
            assert sum(text.count(old) for text in texts.values()) == 1, f"{old!r} must be once"
            texts = {name: text.replace(old, new) for name, text in texts.items()}
        for name, text in texts.items():
            for short, line in KEYS.items():
                text = text.replace(short, line)
            (tmp_path / f"{name}.yml").write_text(text)
        return load_site(tmp_path, house=find_house(CHECKOUT), today=TODAY)

    return loaded


@pytest.fixture
def told(load: Callable[..., Site], tmp_path: Path) -> Callable[..., list[str]]:
    """Return what is told of the clean site with texts replaced: its refusals, else warnings."""

    def lines(*replacements: tuple[str, str]) -> list[str]:
        try:
            problems = load(*replacements).warnings
        except SiteError as error:
            problems = error.problems
        return [str(problem).removeprefix(f"{tmp_path}/") for problem in problems]

    return lines


@pytest.fixture
def house_with(tmp_path: Path) -> Callable[[str], House]:
    """Make the checkout a house in whose table a role stands, for all hosts."""

    def made(role: str) -> House:
        root = tmp_path / "house"
        (root / "roles").mkdir(parents=True)
        for folder, left_out in (("", "roles"), ("roles", "roles.yml")):
            for entry in (CHECKOUT / folder).iterdir():
                if entry.name != left_out:
                    (root / folder / entry.name).symlink_to(entry)
        table = (CHECKOUT / "roles" / "roles.yml").read_text()
        if f"\n{role}:" not in table:
            table += f"{role}: [all]\n"
        (root / "roles" / "roles.yml").write_text(table)
        return House(root)

    return made
