from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]

ANA = "    ssh_keys: [{key: KEY1, expires: 2027-06-30}]\n"
EVERYWHERE = "bastion1, pbx1, log1 and agent1"


def test_hosts_on_which_nobody_becomes_root(told: Told) -> None:
    assert told(("commands: [ALL]", "commands: []")) == [
        f"policy.yml:15:3: accounts.duties: nobody can log in to {EVERYWHERE} and become root: "
        "give a role the command ALL, and somebody the role, a key, and `access` "
        "[nobody-becomes-root]"
    ]


@pytest.mark.parametrize("gone", ["leaves: 2026-11-20", "returned: 2026-11-20"])
def test_an_administrator_who_left_is_none(gone: str, told: Told) -> None:
    found = told(("full_name: Ana Ruiz", f"full_name: Ana Ruiz\n    {gone}"))
    assert len(found) == gone.startswith("leaves")
    assert all("[nobody-becomes-root]" in line for line in found)


def test_a_key_that_ended_yesterday_warns_and_refuses_nothing(told: Told) -> None:
    found = told(("KEY1, expires: 2027-06-30", "KEY1, expires: 2026-11-20"))
    assert len(found) == 2
    assert "the key ended on 2026-11-20" in found[0]
    assert "[nobody-becomes-root]" in found[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("KEY1, expires: 2027-06-30", "KEY1, expires: 2026-12-21"),
        ("full_name: Ana Ruiz", "full_name: Ana Ruiz\n    leaves: 2026-12-21"),
    ],
)
def test_the_last_administrator_ends_within_a_month(old: str, new: str, told: Told) -> None:
    assert told((old, new)) == [
        f"policy.yml:3:3: people.ana: after 2026-12-21 nobody can log in to {EVERYWHERE} and "
        "become root: renew a key of an administrator, or name another one "
        "[last-administrator-ends]"
    ]
    assert told((old, new.replace("12-21", "12-22"))) == []


def test_an_administrator_who_ends_beside_another_is_no_matter(told: Told, key: str) -> None:
    dora = f"{{full_name: Dora Gil, roles: [administrator], ssh_keys: [{{key: {key}, expires: "
    another = ("\naccess:", f"\n  dora: {dora}2027-05-01}}]}}\naccess:")
    assert told(("KEY1, expires: 2027-06-30", "KEY1, expires: 2026-12-01"), another) == []


def test_the_last_key_that_deploys_ends_within_a_month(told: Told) -> None:
    (line,) = told(("owner: ana, expires: 2027-06-30", "owner: ana, expires: 2026-12-21"))
    assert line.endswith(
        "deploy_access[0].expires: 2026-12-21 is the last day on which Ringfence can log in: "
        "add the next key, and apply it before [last-deploy-key-ends]"
    )
    assert told(("owner: ana, expires: 2027-06-30", "owner: ana, expires: 2026-12-22")) == []


def test_a_key_that_deploys_beside_a_longer_one_may_end(told: Told, key: str) -> None:
    longer = f"deploy_access:\n  - {{key: {key}, owner: ana, expires: 2027-06-30}}\n"
    ending = ("owner: ana, expires: 2027-06-30", "owner: ana, expires: 2026-12-01")
    assert told(ending, ("deploy_access:\n", longer)) == []


def test_somebody_who_is_admitted_and_has_no_key(told: Told) -> None:
    dora = "\n  dora: {full_name: Dora Gil, roles: [administrator]}\naccess:"
    assert told(("\naccess:", dora)) == [
        "policy.yml:11:3: people.dora: is admitted by `access` and has no key, with which alone "
        "sshd lets people in: add `ssh_keys` [admitted-without-a-key]"
    ]
    assert told(("\naccess:", dora.replace("administrator", "clerk"))) == []
