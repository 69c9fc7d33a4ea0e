from ringfence.site.checks_of_logs import CHECKS
from ringfence.site.loader import parse
from ringfence.site.plain import Documents

CLIENTS = "clients:\n  acme: {name: Acme}\nlog_review:\n  clients:\n    "


def problems(policy: str) -> list[str]:
    documents = Documents(None, parse(policy.encode(), "policy.yml"), None)
    return [str(problem) for check in CHECKS for problem in check(documents)]


def test_networks_of_a_client_that_there_is_not_are_named_with_the_nearest() -> None:
    assert problems(CLIENTS + "acmee: [198.51.100.0/24]\n") == [
        "policy.yml:5:5: log_review.clients.acmee: 'acmee' is not a client; did you mean 'acme'?"
    ]


def test_networks_of_a_client_that_there_is_are_well() -> None:
    assert problems(CLIENTS + "acme: [198.51.100.0/24]\n") == []
    assert problems("people: {}\n") == []
