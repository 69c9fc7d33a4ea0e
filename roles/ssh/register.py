"""The register of who may log in to a host, in the forms that the role needs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import yaml

from ringfence.rendering import written_by
from ringfence.site import Access, AccessKey, Host

HEAD = f"# {written_by('ssh')}\n"


def groups(host: Host, access: Sequence[Access]) -> dict[str, list[str]]:
    """Return the groups that may log in, each with its members.

    On a bastion only the account that Ringfence deploys with is an administrator: people pass
    through. Elsewhere everybody whom the site admits is, but the account that verifies.
    """
    deploy = access[0].user
    confined = [entry.user for entry in access[1:] if entry.command is not None]
    verifiers = {"ringfence-verify": confined} if confined else {}
    if host.in_group("bastion"):
        return {"ringfence-admin": [deploy], "ringfence-ops": people(access), **verifiers}
    return {"ringfence-admin": list(dict.fromkeys([deploy, *people(access)])), **verifiers}


def people(access: Sequence[Access]) -> list[str]:
    """Return the people who may log in."""
    return [entry.user for entry in access[1:] if entry.command is None]


def key_alone(access: Sequence[Access]) -> list[str]:
    """Return the accounts that no person sits before, for which a key has to be enough."""
    return [access[0].user, *(entry.user for entry in access[1:] if entry.command is not None)]


def key_lines(entry: Access) -> list[str]:
    """Return the lines of an account's authorized keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""
    return [_key_line(entry, key) for key in entry.keys]


def document(access: Sequence[Access]) -> str:
    """Return the register as YAML: every account with its keys, their owner, expiry and sources."""
    content = [
        {
            "user": entry.user,
            "keys": [
                {
                    "fingerprint": key.fingerprint,
                    "owner": key.owner,
                    "expires": key.expires,
                    "sources": list(key.sources),
                }
                for key in entry.keys
            ],
        }
        for entry in access
    ]
    return HEAD + yaml.safe_dump({"access": content}, sort_keys=False)


def _key_line(entry: Access, key: AccessKey) -> str:
    options = [f'expiry-time="{_last_second(key.expires)}"']
    if key.sources:
        options.insert(0, f'from="{",".join(key.sources)}"')
    if entry.command is not None:
        hops = ["port-forwarding", *(f'permitopen="{hop}"' for hop in entry.hops)]
        options[:0] = ["restrict", *(hops if entry.hops else []), f'command="{entry.command}"']
    return f"{','.join(options)} {key.public_key} {key.owner}"


def _last_second(day: date) -> str:
    moment = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    return moment.strftime("%Y%m%d%H%M%SZ")
