"""Rules about the section `firewall` of policy.yml that span values, or hosts.yml too."""

from collections.abc import Iterator

from ringfence.site.plain import Check, Documents, listing, mapping, texts
from ringfence.site.problems import Problem, nearest, shown


def check_groups_of_firewall(documents: Documents) -> Iterator[Problem]:
    """What hosts may reach, and what listens, is said of groups that have hosts."""
    if documents.policy is None:
        return
    settings = mapping(documents.in_policy("firewall"))
    for key in ("egress", "listeners"):
        for index, entry in enumerate(listing(settings.get(key))):
            for at, group in texts(mapping(entry), "groups"):
                where = ("firewall", key, index, "groups", at)
                yield from documents.unknown_group(documents.policy, where, group, "all")


def check_gateways(documents: Documents) -> Iterator[Problem]:
    """Gateways are groups; hosts they may have none yet, as the product's default has."""
    if documents.policy is None or documents.hosts is None:
        return
    known = documents.known_groups
    for at, group in texts(mapping(documents.in_policy("firewall")), "gateways"):
        if group not in known:
            message = f"{shown(group)} is not a group{nearest(group, known)}"
            yield documents.policy.problem(("firewall", "gateways", at), message)


CHECKS: list[Check] = [check_groups_of_firewall, check_gateways]
