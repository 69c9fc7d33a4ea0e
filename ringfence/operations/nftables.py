"""nftables: one file of rules, one table, loaded in one step; and what listens behind it."""

import shlex
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.nftables import Forwarding, Listeners, ListenerState, Operator, Ruleset
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, named
from ringfence.operations.telling import counted, did, would, would_change_each

FILTER = "rules of the packet filter"
"""What is told of as if it were a unit: open connections survive it."""
NEVER_STOPPED = ("ssh.service", "sshd.service", "systemd-", "dbus", "getty", "init")
"""Beginnings of units without which nobody gets in, or nothing runs."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Sockets that may listen."""

    protocol: str
    ports: tuple[int, int]
    """first and last"""
    process: str | None = None
    """the name of the process; None for any"""
    loopback_only: bool = False

    def admits(self, found: ListenerState) -> bool:
        """Whether a socket is one of these."""
        return (
            found["protocol"] == self.protocol
            and self.ports[0] <= found["port"] <= self.ports[1]
            and self.process in (None, found["process"])
            and (not self.loopback_only or is_loopback(found["address"]))
        )


@operation()
def admitted(
    networks: Sequence[str], outside_of: Sequence[str] | None, port: int
) -> Generator[StringCommand, None, None]:
    """Refuse to go on when the rules to come would not admit the connection of this very run.

    `networks` may open `port`; when `outside_of` is given, so may every address that isn't in it.
    """
    came = host.get_fact(Operator)
    if not came["address"]:
        host.noop("this run came in by no ssh connection")
        return
    address = ip_address(came["address"])
    known = any(_within(str(address), network) for network in networks)
    outside = outside_of is not None and not any(_within(str(address), n) for n in outside_of)
    if came["port"] != port:
        sentence = (
            f"this run came in by port {came['port']}, and the rules of the site open port {port} "
            "(ssh.port in policy.yml): nothing was changed"
        )
    elif known or outside:
        host.noop(f"{address} may open port {port}")
        return
    else:
        sentence = (
            f"this run comes from {address}, which the rules of the site would shut out of port "
            f"{port}: name it in firewall.administration of policy.yml; nothing was changed"
        )
    yield StringCommand(f"printf 'ringfence: %s\\n' {shlex.quote(sentence)} >&2; exit 1")


@operation()
def loaded(
    path: str, family: str, table: str, kept_sets: Sequence[str] = ()
) -> Generator[StringCommand, None, None]:
    """Ensure that the kernel filters by what a file says, and by nothing else.

    The rules change in one step. Connections that are open stay open, also when the host followed
    none before. Tables of others are deleted. Elements of dynamic sets stay; those of `kept_sets`
    even when the whole table must be replaced.
    """
    absolute(path)
    for name in (family, table, *kept_sets):
        named(name, "the name")
    state = host.get_fact(Ruleset, path=path)
    would("unit", unit=FILTER, restart_for=[], reload_for=[path])
    if state["running"] is not None and state["running"] == state["loaded"]:
        host.noop(f"the kernel filters by {path}")
        return
    would("act", verb="reload", unit=FILTER)
    would_change_each(_tables(state["running"] or "", state["loaded"] or "", f"{family} {table}"))
    yield _script([call("load", path, family, table, *kept_sets)])
    did("reload", FILTER)


@operation()
def forwarding(enabled: bool) -> Generator[StringCommand, None, None]:
    """Ensure that the kernel passes packets on between interfaces, or that it doesn't."""
    state = host.get_fact(Forwarding)
    wanted = "1" if enabled else "0"
    judged = {name: value for name, value in state.items() if not enabled or "/all" in name}
    if all(value == wanted for value in judged.values()):
        host.noop(f"forwarding is {'on' if enabled else 'off'}")
        return
    yield _script([call("forward", wanted)])


@operation()
def listeners(declared: list[Declared], stop: bool) -> Generator[StringCommand, None, None]:
    """Ensure that only declared sockets listen: with `stop`, the services of others are stopped.

    Without `stop` nothing is changed: the packet filter shuts their ports out as it is.
    """
    if any(not 1 <= first <= last <= 65535 for first, last in (d.ports for d in declared)):
        raise OperationValueError("a range of ports must lie between 1 and 65535")
    extra = [
        found for found in host.get_fact(Listeners) if not any(d.admits(found) for d in declared)
    ]
    units = sorted({found["unit"] for found in extra if _may_stop(found["unit"])})
    if not stop or not units:
        host.noop(f"{len(extra)} sockets listen that nothing declares")
        return
    for unit in units:
        would("act", verb="stop", unit=unit)
    yield _script([call("stop", named(unit, "the unit")) for unit in units])
    for unit in units:
        did("stop", unit)


def rules_of(listing: str) -> dict[str, list[str]]:
    """Return the rules of each table in what `nft list ruleset` writes: `family name` → its rules.

    A rule stands two tabs deep in its chain; what stands deeper goes on with one.
    """
    found: dict[str, list[str]] = {}
    rules: list[str] = []
    in_chain = False
    for line in listing.splitlines():
        if line.startswith("table "):
            rules = found.setdefault(line.removeprefix("table ").removesuffix(" {"), [])
        elif line.startswith("\t") and not line.startswith("\t\t"):
            in_chain = line.startswith("\tchain ")
        elif in_chain and line.startswith("\t\t") and not line.startswith(("\t\t\t", "\t\ttype ")):
            rules.append(line.strip())
    return found


def _tables(running: str, loaded: str, own: str) -> Iterator[tuple[str, str]]:
    """Yield what would become of tables: all but our own go, with how many rules.

    Of our own it is told how many rules come and go by the file as it lies on the host now; where
    that changes, too, its diff has the rest.
    """
    filtering, kept = rules_of(running), rules_of(loaded)
    for table, rules in filtering.items():
        if table != own:
            yield f"table {table}", f"deleted, with {counted(len(rules), 'rule')}"
    if own not in filtering:
        yield f"table {own}", "made"
    elif own in kept:
        come = sum((Counter(kept[own]) - Counter(filtering[own])).values())
        go = sum((Counter(filtering[own]) - Counter(kept[own])).values())
        goes = f"{counted(go, 'rule')} {'goes' if go == 1 else 'go'}"
        comes = f"{come} {'comes' if come == 1 else 'come'}"
        yield f"table {own}", f"{goes}, {comes}" if come or go else "loaded anew"


def is_loopback(address: str) -> bool:
    """Whether a socket's address is reached from the host itself alone."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _within(address: str, network: str) -> bool:
    one, many = ip_address(address), ip_network(network)
    return one.version == many.version and one in many


def _may_stop(unit: str) -> bool:
    return unit != "?" and not unit.startswith(NEVER_STOPPED)


def _script(lines: Sequence[str]) -> StringCommand:
    return StringCommand(library("nftables") + "\n".join(lines))
