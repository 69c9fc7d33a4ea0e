"""Rules about hosts.yml that span several values, or policy.yml too."""

from collections.abc import Iterator
from typing import Any

from ringfence.site.hosts import KNOWN_GROUPS
from ringfence.site.plain import Check, Documents, mapping, texts
from ringfence.site.problems import Problem, nearest, one_of, shown
from ringfence.site.section import as_ip

TAKEN_GROUPS = ("all", "internet", "inventory")
"""`all` is every host, `internet` an end of flows, `inventory` what pyinfra calls all the hosts."""


def check_own_groups(documents: Documents) -> Iterator[Problem]:
    """A group of the site's own has a name that means nothing else."""
    if documents.hosts is None:
        return
    for name in mapping(documents.in_hosts("groups")):
        if name in TAKEN_GROUPS or name in KNOWN_GROUPS:
            what = "a group of the product, and needs no line" if name in KNOWN_GROUPS else "taken"
            yield documents.hosts.problem(("groups", name), f"{shown(name)} is {what}", key=True)


def check_groups(documents: Documents) -> Iterator[Problem]:
    """A host's groups are the product's or the site's own, once each."""
    if documents.hosts is None:
        return
    known = documents.known_groups
    for name, entry in documents.host_entries.items():
        seen: set[str] = set()
        for index, group in texts(entry, "groups"):
            path = ("hosts", name, "groups", index)
            if group == "all":
                yield documents.hosts.problem(path, "every host is in 'all': leave it out")
            elif group not in known:
                other = f"; the groups are {one_of(known)}, and those that you add under `groups`"
                hint = nearest(group, known) or other
                yield documents.hosts.problem(path, f"{shown(group)} is not a group{hint}")
            elif group in seen:
                yield documents.hosts.problem(path, f"{shown(group)} is in this list already")
            seen.add(group)


def check_addresses(documents: Documents) -> Iterator[Problem]:
    """No two hosts share an address, unless ports tell their sshd apart (NAT)."""
    if documents.hosts is None:
        return
    seen: dict[tuple[str, Any], str] = {}
    for name, entry in documents.host_entries.items():
        address = entry.get("address")
        if not isinstance(address, str):
            continue
        end = (str(as_ip(address) or address.lower()), str(mapping(entry.get("ssh")).get("port")))
        if end in seen:
            message = f"{shown(address)} is the address of {seen[end]} already"
            yield documents.hosts.problem(("hosts", name, "address"), message)
        seen.setdefault(end, name)


def check_bastions(documents: Documents) -> Iterator[Problem]:
    """People's keys are tied to the bastion's address, which must therefore be one, not a name."""
    if documents.hosts is None or not documents.in_policy("access"):
        return
    for name, entry in documents.host_entries.items():
        address = entry.get("address")
        is_bastion = any(group == "bastion" for _, group in texts(entry, "groups"))
        if is_bastion and isinstance(address, str) and as_ip(address) is None:
            message = f"{shown(address)} is a name; write the IP address, to which keys are tied"
            yield documents.hosts.problem(("hosts", name, "address"), message)


def check_jumps(documents: Documents) -> Iterator[Problem]:
    """`via` names another host, leads in no circle, and isn't given beside a `config_file`."""
    if documents.hosts is None:
        return
    entries = documents.host_entries
    jumps = {name: mapping(entry.get("ssh")).get("via") for name, entry in entries.items()}
    configured = mapping(documents.in_hosts("ssh")).get("config_file") is not None
    for name, hop in jumps.items():
        path = ("hosts", name, "ssh", "via")
        if not isinstance(hop, str):
            continue
        if hop not in entries:
            message = f"{shown(hop)} is not a host{nearest(hop, entries)}"
        elif configured:
            message = "has no effect beside ssh.config_file: write ProxyJump in that file"
        elif _returns(name, jumps):
            message = f"the way to {shown(name)} leads through {shown(name)} itself"
        else:
            continue
        yield documents.hosts.problem(path, message)


def check_owners_and_clients(documents: Documents) -> Iterator[Problem]:
    """A host's owner is one of the people, its clients are clients."""
    if documents.hosts is None or documents.policy is None:
        return
    clients = mapping(documents.in_policy("clients"))
    for name, entry in documents.host_entries.items():
        path = ("hosts", name, "owner")
        yield from documents.unknown_person(documents.hosts, path, entry.get("owner"))
        for index, client in texts(entry, "clients"):
            if client not in clients:
                hint = nearest(client, clients)
                message = f"{shown(client)} is not one of policy.yml's clients{hint}"
                yield documents.hosts.problem(("hosts", name, "clients", index), message)


def _returns(name: str, jumps: dict[str, Any]) -> bool:
    seen: set[str] = set()
    here = jumps[name]
    while isinstance(here, str) and here not in seen and here != name:
        seen.add(here)
        here = jumps.get(here)
    return bool(here == name)


CHECKS: list[Check] = [
    check_own_groups,
    check_groups,
    check_addresses,
    check_bastions,
    check_jumps,
    check_owners_and_clients,
]
