"""The second factors of people among a site's secrets: `totp.<name>`, a key and recovery codes.

The value's first line is the key in base32; each line after it is a recovery code of eight digits.
"""

import re
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from ringfence.errors import ToolError, UsageError
from ringfence.secrets import content, totp
from ringfence.secrets.vault import Vault
from ringfence.site import Site
from ringfence.site.access import admitted
from ringfence.site.loader import read_document
from ringfence.site.problems import Problem

PREFIX = "totp."
RECOVERY_CODES = 8
LEAST_CODE, CODES = 10_000_000, 90_000_000
"""The module on the host takes recovery codes of eight digits, the first not 0."""
KEY = re.compile(r"[A-Z2-7]{32,}")
RECOVERY_CODE = re.compile(r"[1-9][0-9]{7}")


@dataclass(frozen=True)
class Enrolment:
    """What proves that a person is there: a key for an app, and codes for a lost telephone."""

    key: str = field(repr=False)
    """base32"""
    recovery_codes: tuple[str, ...] = field(repr=False)

    @classmethod
    def new(cls) -> "Enrolment":
        """Make one that nobody has."""
        codes: set[str] = set()
        while len(codes) < RECOVERY_CODES:
            codes.add(str(LEAST_CODE + randomness.randbelow(CODES)))
        return cls(totp.new_key(), tuple(sorted(codes)))

    def written(self) -> str:
        """Return the value of the secret that holds it."""
        return "".join(f"{line}\n" for line in (self.key, *self.recovery_codes))


def enrolled(secrets: Mapping[str, SecretStr]) -> list[str]:
    """Return the names of the people who have a second factor."""
    return [name.removeprefix(PREFIX) for name in secrets if name.startswith(PREFIX)]


def of(secrets: Mapping[str, SecretStr], name: str) -> Enrolment:
    """Return a person's second factor.

    Raises UsageError, which repeats nothing of it, when it isn't as `ringfence people enrol` wrote.
    """
    key, *codes = secrets[f"{PREFIX}{name}"].get_secret_value().split()
    if not KEY.fullmatch(key) or not all(RECOVERY_CODE.fullmatch(code) for code in codes):
        raise UsageError(
            f"the secret {PREFIX}{name} is no key with recovery codes: "
            f"make it anew with `ringfence people enrol SITE {name} --again`"
        )
    return Enrolment(key, tuple(codes))


def load(site: Site, people: list[str]) -> dict[str, Enrolment]:
    """Return the second factors of those of some people who are enrolled, for a role.

    A site without secrets has enrolled nobody. Raises UsageError when they can't be opened.
    """
    vault = Vault(site.path)
    if not people or not vault.path.exists():
        return {}
    secrets = vault.secrets()
    known = enrolled(secrets)
    return {name: of(secrets, name) for name in people if name in known}


def with_enrolment(plain: bytes, name: str, enrolment: Enrolment, source: str) -> bytes:
    """Return the YAML of the secrets with a person's second factor, in place of a former one.

    The rest, comments too, stays as it is. Raises ToolError when that can't be done.
    """
    return content.with_value(plain, PREFIX + name, enrolment.written(), source)


def warnings(site: Site) -> list[Problem]:
    """Return who is admitted to a bastion and could not log in there, for want of a second factor.

    Nobody is asked for a passphrase: where the secrets can't be opened, that is the warning.
    """
    bastions = [
        host
        for host in site.groups.get("bastion", [])
        if "ssh" in site.house.roles_for(host.groups)
    ]
    people = {name: host for host in bastions for name in admitted(site.policy, host)}
    vault = Vault(site.shown, ask=False)
    try:
        known = enrolled(vault.secrets()) if people and vault.path.exists() else []
    except (UsageError, ToolError) as error:
        message = f"who has a second factor isn't known here: {error}"
        return [Problem(str(vault.path), 1, 1, "", "", message)]
    policy = read_document(site.shown / "policy.yml")
    return [
        policy.problem(
            ("people", name),
            f"has no second factor, so {host.name} lets nobody in under this name: "
            f"ringfence people enrol {site.shown} {name}",
            key=True,
        )
        for name, host in people.items()
        if name not in known
    ]
