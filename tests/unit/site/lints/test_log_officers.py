from collections.abc import Callable

import pytest

from .conftest import new_key

Told = Callable[..., list[str]]

OFFICER = "    roles: [security_officer]\n"
PLACE = "  - {groups: [log_collector], roles: [security_officer]}\n"


def test_an_officer_who_may_be_root(told: Told) -> None:
    assert told((OFFICER, "    roles: [security_officer, administrator]\n")) == [
        "policy.yml:9:5: people.carmen.roles: is root as 'administrator' and looks after the logs "
        "as 'security_officer', the work of two people (RD 1720/2007 art. 103.3): take one role "
        "away [log-officer-is-root]"
    ]


def test_an_officer_who_owns_a_key_that_deploys(told: Told) -> None:
    (line,) = told(("KEY3, owner: ana", "KEY3, owner: carmen"))
    assert line.endswith(
        "deploy_access[0].owner: 'carmen' looks after the logs, and this key is root on every "
        "host: let somebody else own it [log-officer-deploys]"
    )


@pytest.mark.parametrize("classification", ["high", "medium"])
def test_no_officer_where_data_are_high(classification: str, told: Told) -> None:
    found = told(
        ("  log_officers: [security_officer]\n", ""),
        ("classification: high", f"classification: {classification}"),
    )
    assert found == (
        [
            "policy.yml:14:1: accounts.log_officers: no role looks after the logs of log1, "
            "classified high (RD 1720/2007 art. 103.3): name one in accounts.log_officers "
            "[no-log-officer]"
        ]
        if classification == "high"
        else []
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PLACE, ""),
        (OFFICER, "    roles: [administrator_of_none]\n"),
        (OFFICER, f"    leaves: 2026-11-20\n{OFFICER}"),
        ("    ssh_keys: [{key: KEY2, expires: 2027-06-30}]\n", ""),
    ],
)
def test_no_officer_can_get_at_the_logs(old: str, new: str, told: Told) -> None:
    places = [] if old == PLACE or "none" not in new else [(PLACE, "")]
    found = [line for line in told((old, new), *places) if "[log-officers-shut-out]" in line]
    (line,) = found
    assert line.endswith(
        "accounts.log_officers: nobody with these roles can log in to log1, where the logs lie: "
        "give somebody the role, a key, and `access` [log-officers-shut-out]"
    )


def test_the_last_officer_ends_within_a_month(told: Told) -> None:
    assert told(("KEY2, expires: 2027-06-30", "KEY2, expires: 2026-12-01")) == [
        "policy.yml:17:3: accounts.log_officers: after 2026-12-01 nobody with these roles can log "
        "in to log1, where the logs lie: renew a key, or name another person "
        "[log-officers-shut-out]"
    ]
    assert told(("KEY2, expires: 2027-06-30", "KEY2, expires: 2027-01-01")) == []


def test_without_a_collector_logs_lie_on_every_host(told: Told) -> None:
    anywhere = (PLACE, "  - {groups: [bastion], roles: [security_officer]}\n")
    (line,) = told(anywhere)
    assert "[log-officers-shut-out]" in line
    moved = [("groups: [log_collector]\n", "groups: [recordings]\n")]
    for source, port in (("bastion", 22), ("bastion", 2514), ("pbx", 2514), ("agents", 2514)):
        old = f"from: {source}, to: log_collector, port: {port}"
        moved.append((old, old.replace("log_collector", "recordings")))
    assert not any("[log-officers-shut-out]" in line for line in told(anywhere, *moved))


def people(*names: str) -> tuple[str, str]:
    """More people, each with a role."""
    entries = "".join(
        f"  {name}:\n    full_name: {name.title()}\n    roles: [{role}]\n"
        f"    ssh_keys: [{{key: {new_key()}, expires: 2027-06-30}}]\n"
        for name, _, role in (text.partition(":") for text in names)
    )
    return "people:\n", f"people:\n{entries}"


DUTIES = "    administrator: {commands: [ALL]}\n"
FOUR = ("bruno:administrator", "dora:administrator", "elena:administrator")


def test_administrators_of_other_hosts_who_are_root_on_the_collector(told: Told) -> None:
    assert told(people(*FOUR)) == [
        "policy.yml:23:1: access: bruno, dora, elena and ana can become root on log1, where the "
        "logs lie, and on other hosts: give either to others, by roles and `access` of their own "
        "[administrators-of-the-collector]"
    ]


def test_too_few_administrators_cannot_be_divided(told: Told) -> None:
    assert told(people(*FOUR[:2])) == []


def test_a_collector_whose_administrators_are_its_own(told: Told) -> None:
    duties = DUTIES + DUTIES.replace("administrator", "keeper")
    access = (
        "  - {groups: [all], roles: [administrator]}\n",
        "  - {groups: [bastion, pbx, agents], roles: [administrator]}\n"
        "  - {groups: [log_collector], roles: [keeper]}\n",
    )
    divided = people("bruno:administrator", "dora:keeper", "elena:keeper")
    assert told(divided, (DUTIES, duties), access) == []


def test_where_no_data_are_high_administrators_may_share_the_collector(told: Told) -> None:
    assert told(people(*FOUR), ("classification: high", "classification: medium")) == []
