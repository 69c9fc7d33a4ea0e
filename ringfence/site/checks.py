"""What no single file can show: names that refer from one file to another.

These checks read the plain documents rather than the models, so that one wrong value elsewhere
does not hide what they find: everything that is wrong is told at once.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from ringfence.site.hosts import KNOWN_GROUPS
from ringfence.site.keys import parse_public_key
from ringfence.site.loader import Document
from ringfence.site.problems import Path, Problem, nearest, one_of, shown

TWO_YEARS = 730
RESERVED_LOGINS = {"root", "daemon", "bin", "sys", "sync", "nobody", "www-data", "backup", "mail"}


@dataclass(frozen=True)
class Documents:
    """The three files; None for one whose YAML is wrong."""

    hosts: Document | None
    policy: Document | None
    waivers: Document | None
    known_controls: Collection[str] | None = None


def cross_check(documents: Documents) -> list[Problem]:
    """Return every problem that spans values or files."""
    problems: list[Problem] = []
    for check in CHECKS:
        problems += check(documents)
    return problems


def check_groups_of_hosts(documents: Documents) -> Iterator[Problem]:
    """A host's groups are the product's or the site's own."""
    own = _mapping(_top(documents.hosts, "groups"))
    known = [*KNOWN_GROUPS, *own]
    for name in own:
        if name in {"all", "inventory", "internet"}:
            yield _problem(
                documents.hosts,
                ("groups", name),
                f"{shown(name)} is taken: choose another name",
                True,
            )
    for name, entry in _hosts(documents).items():
        for index, group in _texts(entry, "groups"):
            path = ("hosts", name, "groups", index)
            if group == "all":
                yield _problem(documents.hosts, path, "every host is in 'all'; leave it out")
            elif group not in known:
                hint = (
                    nearest(group, known) or f"; declare it under `groups`, or use {one_of(known)}"
                )
                yield _problem(documents.hosts, path, f"{shown(group)} is not a group{hint}")
            elif group in [
                other for other_index, other in _texts(entry, "groups") if other_index < index
            ]:
                yield _problem(documents.hosts, path, f"{shown(group)} stands here already")


def check_addresses(documents: Documents) -> Iterator[Problem]:
    """No two hosts share an address, unless their sshd listen on ports that tell them apart (NAT)."""
    seen: dict[tuple[str, Any], str] = {}
    for name, entry in _hosts(documents).items():
        address = entry.get("address")
        if not isinstance(address, str):
            continue
        end = (_canonical(address), _mapping(entry.get("ssh")).get("port"))
        if end in seen:
            message = f"{shown(address)} is the address of {seen[end]} already"
            yield _problem(documents.hosts, ("hosts", name, "address"), message)
        seen.setdefault(end, name)


def check_jumps(documents: Documents) -> Iterator[Problem]:
    """`via` names another host, in no circle, and only where Ringfence writes the ssh configuration."""
    hosts = _hosts(documents)
    via = {name: _mapping(entry.get("ssh")).get("via") for name, entry in hosts.items()}
    config_file = _mapping(_top(documents.hosts, "ssh")).get("config_file")
    for name, hop in via.items():
        path = ("hosts", name, "ssh", "via")
        if not isinstance(hop, str):
            continue
        if hop not in hosts:
            yield _problem(
                documents.hosts, path, f"{shown(hop)} is not a host{nearest(hop, hosts)}"
            )
        elif config_file is not None:
            message = "has no effect beside ssh.config_file; write ProxyJump in that file"
            yield _problem(documents.hosts, path, message)
        elif _circles(name, via):
            yield _problem(documents.hosts, path, f"the way to {shown(name)} leads through itself")


def check_people_of_hosts(documents: Documents) -> Iterator[Problem]:
    """A host's owner is a person, its clients are clients."""
    if documents.policy is None:
        return
    people, clients = (
        _mapping(_top(documents.policy, "people")),
        _mapping(_top(documents.policy, "clients")),
    )
    for name, entry in _hosts(documents).items():
        yield from _person(documents.hosts, people, ("hosts", name, "owner"), entry.get("owner"))
        for index, client in _texts(entry, "clients"):
            if client not in clients:
                path = ("hosts", name, "clients", index)
                message = f"{shown(client)} is not a client in policy.yml{nearest(client, clients)}"
                yield _problem(documents.hosts, path, message)


def check_flows(documents: Documents) -> Iterator[Problem]:
    """A flow joins groups that have hosts, and stands once."""
    seen: dict[tuple[str, ...], int] = {}
    ends = [*_groups_in_use(documents), "internet"]
    for index, flow in enumerate(_list(_top(documents.policy, "flows"))):
        flow = _mapping(flow)
        for side in ("from", "to"):
            group = flow.get(side)
            if isinstance(group, str) and documents.hosts is not None and group not in ends:
                message = f"{shown(group)} is a group that no host is in{nearest(group, ends)}"
                yield _problem(documents.policy, ("flows", index, side), message)
        if flow.get("from") == "internet" == flow.get("to"):
            yield _problem(
                documents.policy, ("flows", index), "leads from the internet to the internet"
            )
        same = tuple(str(flow.get(part)) for part in ("from", "to", "port", "protocol"))
        if same in seen:
            message = f"is the same path as flows[{seen[same]}]; keep one"
            yield _problem(documents.policy, ("flows", index), message)
        seen.setdefault(same, index)


def check_access(documents: Documents) -> Iterator[Problem]:
    """`access` names groups that have hosts, roles that somebody has, and people."""
    people = _mapping(_top(documents.policy, "people"))
    roles = {role for person in people.values() for _, role in _texts(_mapping(person), "roles")}
    groups = [*_groups_in_use(documents), "all"]
    for index, grant in enumerate(_list(_top(documents.policy, "access"))):
        grant = _mapping(grant)
        for at, group in _texts(grant, "groups"):
            if documents.hosts is not None and group not in groups:
                message = f"{shown(group)} is a group that no host is in{nearest(group, groups)}"
                yield _problem(documents.policy, ("access", index, "groups", at), message)
        for at, role in _texts(grant, "roles"):
            if role not in roles:
                message = f"{shown(role)} is a role that nobody has{nearest(role, roles)}"
                yield _problem(documents.policy, ("access", index, "roles", at), message)
        for at, name in _texts(grant, "people"):
            yield from _person(documents.policy, people, ("access", index, "people", at), name)


def check_keys(documents: Documents) -> Iterator[Problem]:
    """A key belongs to one person, and every key of the deploy account has an owner who exists."""
    people = _mapping(_top(documents.policy, "people"))
    seen: dict[str, str] = {}
    for path, owner, text in _keys(documents):
        try:
            line = parse_public_key(text).line
        except ValueError:
            continue
        if line in seen:
            message = f"is the key of {seen[line]} too; a key stands once, for one person"
            yield _problem(documents.policy, path, message)
        seen.setdefault(line, owner)
    for index, entry in enumerate(_list(_top(documents.policy, "deploy_access"))):
        path = ("deploy_access", index, "owner")
        yield from _person(documents.policy, people, path, _mapping(entry).get("owner"))


def check_login_names(documents: Documents) -> Iterator[Problem]:
    """Nobody is called like a system account or like the account that Ringfence deploys with."""
    deploy = {_mapping(_top(documents.hosts, "ssh")).get("user", "deploy")}
    deploy |= {_mapping(entry.get("ssh")).get("user") for entry in _hosts(documents).values()}
    for name in _mapping(_top(documents.policy, "people")):
        if name in RESERVED_LOGINS:
            message = (
                f"{shown(name)} is an account of the system; a person needs another login name"
            )
            yield _problem(documents.policy, ("people", name), message, True)
        elif name in deploy:
            message = (
                f"{shown(name)} is the account that Ringfence logs in as; a person needs another"
            )
            yield _problem(documents.policy, ("people", name), message, True)


def check_sources(documents: Documents) -> Iterator[Problem]:
    """People reach other hosts from the bastion's address, so the bastion's must be an IP address."""
    if not _list(_top(documents.policy, "access")):
        return
    for name, entry in _hosts(documents).items():
        address = entry.get("address")
        in_bastion = any(group == "bastion" for _, group in _texts(entry, "groups"))
        if in_bastion and isinstance(address, str) and _canonical(address) is address:
            message = (
                f"{shown(address)} is a name; keys are tied to the bastion's IP address: write that"
            )
            yield _problem(documents.hosts, ("hosts", name, "address"), message)


def check_retention(documents: Documents) -> Iterator[Problem]:
    """Where a host is classified high, the record of accesses is kept for two years.

    Real Decreto 1720/2007, art. 103.5: "El período mínimo de conservación de los datos registrados será de dos años."
    """
    days = _mapping(_top(documents.policy, "retention")).get("access_records_days")
    high = [n for n, entry in _hosts(documents).items() if entry.get("classification") == "high"]
    if high and isinstance(days, int) and days < TWO_YEARS:
        message = (
            f"{days} is too short: {high[0]} is classified high, and its record of accesses is kept "
            f"{TWO_YEARS} days or longer (RD 1720/2007 art. 103.5)"
        )
        yield _problem(documents.policy, ("retention", "access_records_days"), message)


def check_waivers(documents: Documents) -> Iterator[Problem]:
    """A waiver names controls, hosts, groups and people that exist."""
    hosts, groups = _hosts(documents), [*_groups_in_use(documents), "all"]
    people = _mapping(_top(documents.policy, "people"))
    for index, waiver in enumerate(_list(_top(documents.waivers, "waivers"))):
        waiver, path = _mapping(waiver), ("waivers", index)
        control, known = waiver.get("control"), documents.known_controls
        if isinstance(control, str) and known is not None and control not in known:
            message = f"{shown(control)} is not a control{nearest(control, known)}"
            yield _problem(documents.waivers, (*path, "control"), message)
        if documents.hosts is not None:
            for at, name in _texts(waiver, "hosts"):
                if name not in hosts:
                    message = f"{shown(name)} is not a host{nearest(name, hosts)}"
                    yield _problem(documents.waivers, (*path, "hosts", at), message)
            for at, name in _texts(waiver, "groups"):
                if name not in groups:
                    message = f"{shown(name)} is a group that no host is in{nearest(name, groups)}"
                    yield _problem(documents.waivers, (*path, "groups", at), message)
        if documents.policy is not None:
            for key in ("owner", "approved_by"):
                yield from _person(documents.waivers, people, (*path, key), waiver.get(key))


CHECKS: list[Callable[[Documents], Iterator[Problem]]] = [
    check_groups_of_hosts,
    check_addresses,
    check_jumps,
    check_people_of_hosts,
    check_login_names,
    check_keys,
    check_access,
    check_flows,
    check_sources,
    check_retention,
    check_waivers,
]


def _problem(document: Document | None, path: Path, message: str, key: bool = False) -> Problem:
    if document is None:
        raise AssertionError("a problem needs the document that it stands in")
    return document.problem(path, message, key=key)


def _person(
    document: Document | None, people: dict[str, Any], path: Path, name: Any
) -> Iterator[Problem]:
    if isinstance(name, str) and name not in people:
        message = f"{shown(name)} is not one of the people in policy.yml{nearest(name, people)}"
        yield _problem(document, path, message)


def _keys(documents: Documents) -> Iterator[tuple[Path, str, str]]:
    """Yield path, owner and text of every public key in policy.yml."""
    for name, person in _mapping(_top(documents.policy, "people")).items():
        for index, entry in enumerate(_list(_mapping(person).get("ssh_keys"))):
            if isinstance(text := _mapping(entry).get("key"), str):
                yield ("people", name, "ssh_keys", index, "key"), name, text
    for index, entry in enumerate(_list(_top(documents.policy, "deploy_access"))):
        if isinstance(text := _mapping(entry).get("key"), str):
            yield ("deploy_access", index, "key"), "the deploy account", text


def _top(document: Document | None, key: str) -> Any:
    return document.data.get(key) if document is not None else None


def _hosts(documents: Documents) -> dict[str, dict[str, Any]]:
    return {n: _mapping(entry) for n, entry in _mapping(_top(documents.hosts, "hosts")).items()}


def _groups_in_use(documents: Documents) -> list[str]:
    found = [g for entry in _hosts(documents).values() for _, g in _texts(entry, "groups")]
    return list(dict.fromkeys(found))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(entry: dict[str, Any], key: str) -> list[tuple[int, str]]:
    return [(i, text) for i, text in enumerate(_list(entry.get(key))) if isinstance(text, str)]


def _canonical(address: str) -> str:
    try:
        return f"ip {ip_address(address)}"
    except ValueError:
        return address


def _circles(name: str, via: dict[str, Any]) -> bool:
    seen, here = set(), name
    while isinstance(via.get(here), str) and here not in seen:
        seen.add(here)
        here = via[here]
    return here == name and bool(seen)
