"""Rules about the section `time` of policy.yml that span values, or hosts.yml too."""

from collections.abc import Iterator

from ringfence.site.plain import Check, Documents, mapping, texts
from ringfence.site.problems import Problem, nearest, shown


def check_servers_of_time(documents: Documents) -> Iterator[Problem]:
    """The site's servers of time are hosts."""
    if documents.policy is None or documents.hosts is None:
        return
    hosts = documents.host_entries
    for at, name in texts(mapping(documents.in_policy("time")), "servers"):
        if name not in hosts:
            message = f"{shown(name)} is not a host{nearest(name, hosts)}"
            yield documents.policy.problem(("time", "servers", at), message)


def check_groups_of_time(documents: Documents) -> Iterator[Problem]:
    """Local time is shown by groups; hosts they may have none yet, as the default has."""
    if documents.policy is None or documents.hosts is None:
        return
    known = [*documents.known_groups, "all"]
    for at, group in texts(mapping(documents.in_policy("time")), "local_time"):
        if group not in known:
            message = f"{shown(group)} is not a group{nearest(group, known)}"
            yield documents.policy.problem(("time", "local_time", at), message)


CHECKS: list[Check] = [check_servers_of_time, check_groups_of_time]
