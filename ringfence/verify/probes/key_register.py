"""The keys that sshd accepts on a host, held against the site's register of access."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from ringfence.site import Access, AccessKey
from ringfence.verify.probes.access_lists import accounts, key_files
from ringfence.verify.probes.authorized_keys import Line, is_from_within, parse
from ringfence.verify.probes.sshd_configuration import SshdConfiguration

CLOCK = "%Y%m%d%H%M%S"
WILDCARD = re.compile(r"([*?]|\[[^]/]*\])")
UPWARDS = """\
while stat -c '%U %a %n' -- "$path"; [ "$path" != / ]; do
    path=$(dirname -- "$path")
done"""

Register = Mapping[str, Mapping[str, AccessKey]]
"""Account → fingerprint → what the site says of the key."""


@dataclass(frozen=True)
class GrantedKey:
    """One line of one file that lets its key into one account."""

    account: str
    path: str
    line: Line

    def __str__(self) -> str:
        return f"{self.account} {self.line.fingerprint} ({self.path}:{self.line.number})"

    def is_in(self, register: Register) -> bool:
        """Whether the register gives the account this key; it has none that certifies others."""
        registered = register.get(self.account, {})
        return self.line.fingerprint in registered and "cert-authority" not in self.line.options

    def outlasts(self, register: Register) -> bool:
        """Whether the key is accepted after the last day that the register gives it."""
        registered = register.get(self.account, {}).get(self.line.fingerprint)
        if registered is None:
            return False
        end = datetime.combine(registered.expires + timedelta(days=1), time())
        return self.line.expires is None or self.line.expires > end

    def works_beyond(self, register: Register) -> bool:
        """Whether the key is accepted from an address outside those that the register gives it."""
        registered = register.get(self.account, {}).get(self.line.fingerprint)
        if registered is None or not registered.sources:
            return False
        patterns = self.line.sources
        if not patterns:
            return True
        return not all(is_from_within(one, list(registered.sources)) for one in patterns)


def register(access: Iterable[Access]) -> Register:
    """Return the site's register by account and fingerprint."""
    return {one.user: {key.fingerprint: key for key in one.keys} for one in access}


def granted_keys(host: Any, configuration: SshdConfiguration) -> list[GrantedKey]:
    """Return every key in every file that sshd would consult for any account of ``host``."""
    wanted: dict[str, list[str]] = {}
    for account in accounts(host):
        for settings in configuration.of(account.name).values():
            for path in _files(host, key_files(settings, account)):
                owners = wanted.setdefault(path, [])
                if account.name not in owners:
                    owners.append(account.name)
    return [
        GrantedKey(account, path, line)
        for path, text in _contents(host, list(wanted)).items()
        for line in parse(text)
        for account in wanted[path]
    ]


def now(host: Any) -> datetime:
    """Return the host's clock in its own time zone, by which sshd judges an expiry."""
    shown = host.check_output(f"date +{CLOCK}")
    return datetime.strptime(shown, CLOCK)


def owners_and_modes(host: Any, path: str) -> list[str]:
    """Return ``owner mode path`` of a file and of every folder above it, links resolved."""
    script = f"path=$(realpath -e -- {shlex.quote(path)}) || exit\n{UPWARDS}"
    found: list[str] = host.check_output(script).splitlines()
    return found


def _files(host: Any, paths: list[str]) -> list[str]:
    """Return ``paths`` with patterns (OpenSSH from 10.0 takes glob(3)) as what they match."""
    found: list[str] = []
    for path in paths:
        if not WILDCARD.search(path):
            found.append(path)
            continue
        pattern = "".join(map(_quoted, WILDCARD.split(path)))
        found += host.run(f"ls -1d -- {pattern}").stdout.splitlines()
    return found


def _quoted(part: str) -> str:
    return part if WILDCARD.fullmatch(part) or not part else shlex.quote(part)


def _contents(host: Any, paths: list[str]) -> dict[str, str]:
    """Return the text of each path that is there, from one command."""
    words = " ".join(shlex.quote(path) for path in paths)
    answer = host.run(f"grep -aHs --null '' -- {words} </dev/null")
    texts: dict[str, str] = {}
    for line in re.split(r"\n", answer.stdout):
        path, found, text = line.partition("\0")
        if found:
            texts[path] = texts.get(path, "") + text + "\n"
    return texts
