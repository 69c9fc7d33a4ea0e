"""Rules about the section `log_review` of policy.yml that other sections decide too."""

from collections.abc import Iterator

from ringfence.site.plain import Check, Documents, mapping
from ringfence.site.problems import Problem, nearest, shown


def check_clients_of_networks(documents: Documents) -> Iterator[Problem]:
    """Networks are of clients that the site has, as whose the review tells what comes from them."""
    if documents.policy is None:
        return
    known = mapping(documents.in_policy("clients"))
    for name in mapping(mapping(documents.in_policy("log_review")).get("clients")):
        if name not in known:
            message = f"{shown(name)} is not a client{nearest(name, known)}"
            yield documents.policy.problem(("log_review", "clients", name), message, key=True)


CHECKS: list[Check] = [check_clients_of_networks]
