"""What sshd's configuration means for each account, as ``sshd -T`` computes it.

Every ``Match`` block is asked about with a connection that it applies to, in whichever file it
stands: a block for one address is otherwise seen by nobody.
"""

import re
import shlex
from collections.abc import Iterable
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from ringfence.verify.probes.match_blocks import STRANGER, Connection, sample_connections

SSHD = "/usr/sbin/sshd"
Settings = dict[str, list[str]]
CONDITION = re.compile(r"^debug3: checking (?:syntax|match) for '(?:Match )?(.*)'(?: user .*)?\s*$")
INCLUDES = re.compile(r"^debug2: .*: new include (.*?)\s*$")
FILE_READ = re.compile(r"^debug2: load_server_config: filename (.*?)\s*$")
LISTENS = re.compile(r"^\[?(?P<address>.*?)\]?:(?P<port>[0-9]+)(?: .*)?$")


class SshdConfiguration:
    """The effective configuration of a host's sshd, connection by connection."""

    def __init__(self, host: Any, users: Iterable[str]) -> None:
        """Ask ``host`` (testinfra's) about ``users``, about root and about a stranger."""
        self._host = host
        self._users = list(dict.fromkeys(["root", *users, "nobody", STRANGER]))

    @cached_property
    def _first(self) -> Any:
        specification = _specification(Connection("root"), "root")
        return self._host.run(f"{SSHD} -T -ddd -C {specification}")

    @property
    def fault(self) -> str:
        """Why sshd refuses its configuration; empty when it accepts it."""
        if self._first.rc == 0:
            return ""
        lines = [line for line in self._first.stderr.splitlines() if not line.startswith("debug")]
        return lines[-1].strip() if lines else f"exit status {self._first.rc}"

    @cached_property
    def files(self) -> list[str]:
        """Every file that the configuration is read from, in the order read."""
        found = (FILE_READ.match(line) for line in self._first.stderr.splitlines())
        return list(dict.fromkeys(match[1] for match in found if match))

    @cached_property
    def included_folders(self) -> list[str]:
        """The folders whose files the configuration includes by a pattern."""
        found = (INCLUDES.match(line) for line in self._first.stderr.splitlines())
        patterns = [match[1] for match in found if match]
        return list(dict.fromkeys(str(PurePosixPath(pattern).parent) for pattern in patterns))

    @cached_property
    def conditions(self) -> list[str]:
        """The conditions of all ``Match`` blocks."""
        found = (CONDITION.match(line) for line in self._first.stderr.splitlines())
        return list(dict.fromkeys(match[1] for match in found if match))

    @cached_property
    def accounts(self) -> list[str]:
        """The login names of every account on the host."""
        lines = self._host.check_output("getent passwd").splitlines()
        return [line.split(":")[0] for line in lines if line]

    @cached_property
    def by_connection(self) -> dict[Connection, Settings]:
        """The settings for every connection asked about; with ``Match`` blocks, every account."""
        users = self._users
        samples: list[Connection] = []
        if self.conditions:
            users = list(dict.fromkeys([*self._users, *self.accounts]))
            for condition in self.conditions:
                samples += sample_connections(condition, users)
        connections = dict.fromkeys([*(Connection(user) for user in users), *samples])
        found: dict[Connection, Settings] = {}
        for group in _same_place(connections):
            found.update(self._ask(group))
        return found

    @property
    def settings(self) -> Settings:
        """The settings of root from this host itself; for what no ``Match`` block can change."""
        return _parse(self._first.stdout)

    def of(self, user: str) -> dict[Connection, Settings]:
        """Return the settings of every connection of ``user``; without any, those of a stranger."""
        own = {who: what for who, what in self.by_connection.items() if who.user == user}
        return own or self.of(STRANGER)

    def values(self, keyword: str) -> dict[str, list[Connection]]:
        """Return each value that a setting takes, with the connections for which it does."""
        found: dict[str, list[Connection]] = {}
        for connection, settings in self.by_connection.items():
            value = " ".join(settings.get(keyword, ["not set"]))
            found.setdefault(value, []).append(connection)
        return found

    def numbers(self, keyword: str) -> list[int]:
        """Return each value of a setting that is a number.

        Raises:
            ValueError: a value is no number.
        """
        return sorted(int(value) for value in self.values(keyword))

    def effective(self, keyword: str) -> str:
        """Return a setting's value; where a ``Match`` block changes it, for whom."""
        values = self.values(keyword)
        first, *others = values
        return "; ".join([first, *(f"but {value} for {values[value][0]}" for value in others)])

    @property
    def listens(self) -> list[tuple[str, int]]:
        """The addresses and ports that the configuration tells sshd to listen on."""
        found = (LISTENS.match(line) for line in self.settings.get("listenaddress", []))
        return [(match["address"], int(match["port"])) for match in found if match]

    def _ask(self, connections: list[Connection]) -> dict[Connection, Settings]:
        users = " ".join(shlex.quote(connection.user) for connection in connections)
        specification = _specification(connections[0], "$user")
        ask = f'echo "=$user"; {SSHD} -T -C "{specification}"'
        text = self._host.check_output(f"for user in {users}; do {ask} || exit; done")
        by_user: dict[str, Settings] = {}
        for part in text.split("\n="):
            user, _, settings = part.removeprefix("=").partition("\n")
            by_user[user] = _parse(settings)
        return {connection: by_user[connection.user] for connection in connections}


def _specification(connection: Connection, user: str) -> str:
    place = f"host={connection.host},addr={connection.address}"
    here = f"laddr={connection.local_address},lport={connection.local_port}"
    return f"user={user},{place},{here}"


def _same_place(connections: Iterable[Connection]) -> list[list[Connection]]:
    """Group connections that differ in their user alone, so that one command asks for all."""
    groups: dict[tuple[str, str, str, int], list[Connection]] = {}
    for one in connections:
        place = (one.address, one.host, one.local_address, one.local_port)
        groups.setdefault(place, []).append(one)
    return list(groups.values())


def _parse(text: str) -> Settings:
    found: Settings = {}
    for line in text.splitlines():
        keyword, _, value = line.partition(" ")
        if keyword:
            found.setdefault(keyword, []).append(value)
    return found
