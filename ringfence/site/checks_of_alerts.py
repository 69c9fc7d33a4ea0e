"""Rules about the section `alerts` of policy.yml that hosts.yml decides too."""

from collections.abc import Iterator

from ringfence.site.plain import Check, Documents, listing, mapping, texts
from ringfence.site.problems import Problem


def check_groups_of_alerts(documents: Documents) -> Iterator[Problem]:
    """The site's own services are watched on the hosts of groups that have hosts."""
    if documents.policy is None:
        return
    entries = listing(mapping(documents.in_policy("alerts")).get("units"))
    for index, entry in enumerate(entries):
        for at, group in texts(mapping(entry), "groups"):
            where = ("alerts", "units", index, "groups", at)
            yield from documents.unknown_group(documents.policy, where, group, "all")


CHECKS: list[Check] = [check_groups_of_alerts]
