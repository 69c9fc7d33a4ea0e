"""Rules about policy.yml that span several values, or hosts.yml too."""

from collections.abc import Iterator

from ringfence.site.keys import parse_public_key
from ringfence.site.plain import Check, Documents, listing, mapping, texts
from ringfence.site.problems import Path, Problem, nearest, shown

TWO_YEARS, ONE_YEAR = 730, 365

ACCOUNTS = {
    "deploy_access": "the account that Ringfence deploys with",
    "verify_access": "the account that verifies",
}
"""The lists of keys that no person logs in with, and what each is for."""

SYSTEM_ACCOUNTS = {
    *("root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp"),
    *("proxy", "backup", "list", "irc", "nobody", "sshd", "messagebus", "_apt", "www-data"),
}
"""Accounts that Debian's base-passwd and base packages make."""


def check_login_names(documents: Documents) -> Iterator[Problem]:
    """Nobody is called like an account of the system, or like the one that Ringfence uses."""
    if documents.policy is None or documents.hosts is None:
        return
    deploying = _deploying(documents)
    for name in documents.people:
        if name in SYSTEM_ACCOUNTS:
            message = f"{shown(name)} is an account of the system: a person needs another name"
        elif name in deploying:
            message = f"{shown(name)} is what Ringfence logs in as: a person needs another name"
        else:
            continue
        yield documents.policy.problem(("people", name), message, key=True)


def check_keys(documents: Documents) -> Iterator[Problem]:
    """A key stands once, for one person; what is shared can't be told apart in a log.

    RD 1720/2007 art. 93.2 and PCI DSS 8.2.1 ask that each person be identified on their own.
    """
    if documents.policy is None:
        return
    seen: dict[str, str] = {}
    for path, owner, text in _keys(documents):
        try:
            line = parse_public_key(text).line
        except ValueError:
            continue
        if line in seen:
            message = f"this is a key of {seen[line]} already; each needs a key of their own"
            yield documents.policy.problem(path, message)
        seen.setdefault(line, owner)


def check_verifier(documents: Documents) -> Iterator[Problem]:
    """Who verifies doesn't deploy, is no person, and has a key."""
    verify = documents.in_hosts("verify")
    if documents.hosts is None or documents.policy is None or not isinstance(verify, dict):
        return
    if not listing(documents.in_policy("verify_access")):
        message = "the account that verifies needs a key: add `verify_access` to policy.yml"
        yield documents.hosts.problem(("verify",), message, key=True)
    user = verify.get("user", "ringfence-verify")
    if not isinstance(user, str):
        return
    if user in _deploying(documents):
        message = f"{shown(user)} deploys, so it can change hosts: another account verifies"
        yield documents.hosts.problem(("verify", "user"), message)
    if user in documents.people or user in SYSTEM_ACCOUNTS:
        message = f"{shown(user)} is a person or an account of the system: take another name"
        yield documents.hosts.problem(("verify", "user"), message)


def check_deploy_owners(documents: Documents) -> Iterator[Problem]:
    """Every key that Ringfence deploys or verifies with has an owner among the people."""
    if documents.policy is None:
        return
    for section in ACCOUNTS:
        for index, entry in enumerate(listing(documents.in_policy(section))):
            path, owner = (section, index, "owner"), mapping(entry).get("owner")
            yield from documents.unknown_person(documents.policy, path, owner)


def check_access(documents: Documents) -> Iterator[Problem]:
    """`access` names groups that have hosts, roles that somebody has, and people."""
    if documents.policy is None:
        return
    people = documents.people.values()
    roles = {role for person in people for _, role in texts(mapping(person), "roles")}
    for index, entry in enumerate(listing(documents.in_policy("access"))):
        grant, path = mapping(entry), ("access", index)
        for at, group in texts(grant, "groups"):
            where = (*path, "groups", at)
            yield from documents.unknown_group(documents.policy, where, group, "all")
        for at, role in texts(grant, "roles"):
            if role not in roles:
                message = f"{shown(role)} is a role that nobody has{nearest(role, roles)}"
                yield documents.policy.problem((*path, "roles", at), message)
        for at, name in texts(grant, "people"):
            yield from documents.unknown_person(documents.policy, (*path, "people", at), name)


def check_flows(documents: Documents) -> Iterator[Problem]:
    """A flow joins groups that have hosts, or one of them and the internet, and stands once."""
    if documents.policy is None:
        return
    seen: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(listing(documents.in_policy("flows"))):
        flow, path = mapping(entry), ("flows", index)
        for side in ("from", "to"):
            where = (*path, side)
            yield from documents.unknown_group(documents.policy, where, flow.get(side), "internet")
        if flow.get("from") == "internet" and flow.get("to") == "internet":
            yield documents.policy.problem(path, "leads from the internet to the internet")
        same = tuple(str(flow.get(part)) for part in ("from", "to", "port", "protocol"))
        if same in seen:
            message = f"allows the same as flows[{seen[same]}]; keep one of them"
            yield documents.policy.problem(path, message)
        seen.setdefault(same, index)


def check_retention(documents: Documents) -> Iterator[Problem]:
    """The record of accesses is kept two years for data classified high, a year for cards.

    Real Decreto 1720/2007, art. 103.4: the data registered are kept for at least two years. PCI DSS
    10.5.1: audit logs are kept for at least twelve months.
    """
    if documents.policy is None:
        return
    days = mapping(documents.in_policy("retention")).get("access_records_days")
    entries = documents.host_entries.items()
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        return
    high = [name for name, entry in entries if entry.get("classification") == "high"]
    cards = [name for name, entry in entries if entry.get("pci") is True]
    if high and days < TWO_YEARS:
        message = (
            f"{days} is too short: {high[0]} is classified high, so accesses stay on record for "
            f"two years, {TWO_YEARS} days or more (RD 1720/2007 art. 103.4)"
        )
    elif cards and days < ONE_YEAR:
        message = (
            f"{days} is too short: {cards[0]} handles cards, so accesses stay on record for "
            f"a year, {ONE_YEAR} days or more (PCI DSS 10.5.1)"
        )
    else:
        return
    yield documents.policy.problem(("retention", "access_records_days"), message)


def _deploying(documents: Documents) -> set[str]:
    """Return the accounts that Ringfence deploys with."""
    entries = documents.host_entries.values()
    named = [mapping(documents.in_hosts("ssh")).get("user", "deploy")]
    named += [mapping(entry.get("ssh")).get("user") for entry in entries]
    return {name for name in named if isinstance(name, str)}


def _keys(documents: Documents) -> Iterator[tuple[Path, str, str]]:
    """Yield path, owner and text of every public key in policy.yml."""
    for name, person in documents.people.items():
        for index, entry in enumerate(listing(mapping(person).get("ssh_keys"))):
            if isinstance(text := mapping(entry).get("key"), str):
                yield ("people", name, "ssh_keys", index, "key"), name, text
    for section, account in ACCOUNTS.items():
        for index, entry in enumerate(listing(documents.in_policy(section))):
            if isinstance(text := mapping(entry).get("key"), str):
                yield (section, index, "key"), account, text


CHECKS: list[Check] = [
    check_login_names,
    check_keys,
    check_verifier,
    check_deploy_owners,
    check_access,
    check_flows,
    check_retention,
]
