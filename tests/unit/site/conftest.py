import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import settings

from ringfence.site import House, Site, SiteError, load_site
from ringfence.site.loader import parse

# A busy machine is no failure: an example may take as long as it takes.
settings.register_profile("site", deadline=None)
settings.load_profile("site")

TODAY = date(2026, 11, 21)

HOSTS = """\
name: small
hosts:
  bastion1:
    address: 10.0.0.1
    groups: [bastion]
    classification: medium
    owner: ana
  pbx1:
    address: 10.0.0.2
    groups: [pbx]
    classification: high
    owner: bruno
    clients: [acme]
"""
POLICY = """\
organisation:
  name: Small
clients:
  acme: {name: Acme}
people:
  ana:
    full_name: Ana Ruiz
    roles: [administrator]
    ssh_keys:
      - key: KEY1 ana@laptop
        expires: 2027-06-30
  bruno:
    full_name: Bruno Vidal
access:
  - groups: [all]
    roles: [administrator]
deploy_access:
  - key: KEY2 deploy
    owner: ana
    expires: 2027-06-30
    sources: [10.0.0.1]
flows:
  - {from: bastion, to: pbx, port: 22, protocol: tcp, purpose: administration}
"""
WAIVERS = """\
waivers:
  - control: TOY-01
    hosts: [pbx1]
    reason: An old phone
    owner: ana
    approved: 2026-11-01
    approved_by: bruno
    expires: 2026-12-31
"""
SETTINGS = '''
from ringfence.site import Section


class Settings(Section):
    """What the toy does."""

    level: int = 3
    """How much."""
'''


def new_key() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


KEYS = [new_key(), new_key(), new_key()]


def with_keys(text: str) -> str:
    for number, key in enumerate(KEYS, start=1):
        text = text.replace(f"KEY{number}", key)
    return text


@pytest.fixture
def key() -> str:
    return KEYS[2]


@pytest.fixture
def untouched_imports() -> Iterator[None]:
    """Other tests import the checkout's roles: leave their modules as they were."""
    path = list(sys.path)
    kept = {name: sys.modules[name] for name in _roles()}
    yield
    for name in _roles():
        del sys.modules[name]
    sys.modules.update(kept)
    sys.path[:] = path


def _roles() -> list[str]:
    return [name for name in sys.modules if name == "roles" or name.startswith("roles.")]


@pytest.fixture
def house(tmp_path: Path, untouched_imports: None) -> House:
    """A house with one role, `toy`."""
    role = tmp_path / "house" / "roles" / "toy"
    role.mkdir(parents=True)
    (role.parent / "__init__.py").touch()
    (role / "__init__.py").touch()
    (role / "settings.py").write_text(SETTINGS)
    (role.parent / "roles.yml").write_text("toy: [all]\n")
    return House(tmp_path / "house")


Writer = Callable[..., Path]


@pytest.fixture
def write(house: House) -> Writer:
    """Write a site beside the house's roles; keyword arguments replace whole files."""

    def written(hosts: str = HOSTS, policy: str = POLICY, waivers: str = WAIVERS) -> Path:
        folder = house.root / "inventories" / "small"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {"hosts": hosts, "policy": policy, "waivers": waivers}.items():
            (folder / f"{name}.yml").write_text(with_keys(text))
        return folder

    return written


@pytest.fixture
def site(write: Writer) -> Site:
    return load_site(write(), today=TODAY)


@pytest.fixture
def problems(write: Writer) -> Callable[..., list[str]]:
    """Load a site of which one text is replaced by another; return its problems as lines."""

    def found(old: str, new: str, **files: str) -> list[str]:
        texts = {"hosts": HOSTS, "policy": POLICY, "waivers": WAIVERS, **files}
        assert sum(old in text for text in texts.values()) == 1, f"{old!r} must be in one file"
        replaced = {name: text.replace(old, new, 1) for name, text in texts.items()}
        folder = write(**replaced)
        with pytest.raises(SiteError) as error:
            load_site(folder, today=TODAY)
        for problem in error.value.problems:
            assert problem.line >= 1
            assert problem.column >= 1
        prefix = f"{folder}/"
        return [str(problem).removeprefix(prefix) for problem in error.value.problems]

    return found


@pytest.fixture
def yaml_problems() -> Callable[[bytes], list[str]]:
    """Parse the bytes of a file `f`; return what is wrong with it as YAML, as lines."""
    return lambda content: [str(problem) for problem in parse(content, "f").problems]


@pytest.fixture
def load(write: Writer) -> Callable[..., Site]:
    """Load a site in whose files texts are replaced: pairs of old and new, each in one file."""

    def loaded(*replacements: tuple[str, str]) -> Site:
        texts = {"hosts": HOSTS, "policy": POLICY, "waivers": WAIVERS}
        for old, new in replacements:
            assert sum(old in text for text in texts.values()) == 1, f"{old!r} must be in one file"
            texts = {name: text.replace(old, new, 1) for name, text in texts.items()}
        return load_site(write(**texts), today=TODAY)

    return loaded
