"""What no single value can show: names that refer from one file of a site to another."""

from collections.abc import Iterator
from itertools import islice

from ringfence.site import (
    checks_of_alerts,
    checks_of_data,
    checks_of_firewall,
    checks_of_hosts,
    checks_of_logs,
    checks_of_policy,
    checks_of_time,
)
from ringfence.site.plain import Check, Documents, listing, mapping, texts
from ringfence.site.problems import Problem, nearest, shown


def check_waivers(documents: Documents) -> Iterator[Problem]:
    """A waiver names controls, hosts, groups and people that exist."""
    if documents.waivers is None:
        return
    hosts, known = documents.host_entries, documents.known_controls
    for index, entry in enumerate(listing(documents.waivers.data.get("waivers"))):
        waiver, path = mapping(entry), ("waivers", index)
        control = waiver.get("control")
        if isinstance(control, str) and known is not None and control not in known:
            message = f"{shown(control)} is not a control{nearest(control, known)}"
            yield documents.waivers.problem((*path, "control"), message)
        for at, name in texts(waiver, "hosts"):
            if documents.hosts is not None and name not in hosts:
                message = f"{shown(name)} is not a host{nearest(name, hosts)}"
                yield documents.waivers.problem((*path, "hosts", at), message)
        for at, group in texts(waiver, "groups"):
            yield from documents.unknown_group(
                documents.waivers, (*path, "groups", at), group, "all"
            )
        for key in ("owner", "approved_by"):
            person = waiver.get(key)
            yield from documents.unknown_person(documents.waivers, (*path, key), person)


MOST_OF_A_RULE = 200
"""Beyond that, looking for near names would take longer than anybody reads."""

CHECKS: list[Check] = [
    *checks_of_hosts.CHECKS,
    *checks_of_policy.CHECKS,
    *checks_of_firewall.CHECKS,
    *checks_of_data.CHECKS,
    *checks_of_time.CHECKS,
    *checks_of_alerts.CHECKS,
    *checks_of_logs.CHECKS,
    check_waivers,
]


def cross_check(documents: Documents) -> list[Problem]:
    """Return the problems that span values or files, of each rule the first two hundred."""
    return [problem for check in CHECKS for problem in islice(check(documents), MOST_OF_A_RULE)]
