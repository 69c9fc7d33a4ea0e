from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from ringfence.errors import UsageError
from ringfence.site import Site
from ringfence.site.access import admitted

Load = Callable[..., Site]


def test_the_account_that_deploys_comes_first_with_its_sources(site: Site) -> None:
    deploy = site.access("pbx1")[0]
    assert deploy.user == "deploy"
    (key,) = deploy.keys
    assert (key.owner, key.expires) == ("ana", date(2027, 6, 30))
    assert key.sources == ("10.0.0.1/32",)
    assert key.fingerprint.startswith("SHA256:")
    assert len(key.public_key.split()) == 2


def test_people_come_from_the_bastions_and_to_a_bastion_from_anywhere(site: Site) -> None:
    for host, sources in (("pbx1", ("10.0.0.1/32",)), ("bastion1", ())):
        people = site.access(host)[1:]
        assert [person.user for person in people] == ["ana"]
        assert people[0].keys[0].owner == "ana"
        assert people[0].keys[0].sources == sources


def test_without_a_bastion_people_come_from_anywhere(load: Load) -> None:
    site = load(("groups: [bastion]", "groups: [database]"), ("from: bastion", "from: database"))
    assert site.access("pbx1")[1].keys[0].sources == ()


def test_the_account_is_that_of_the_host(load: Load) -> None:
    site = load(("clients: [acme]", "ssh: {user: robot}"))
    assert site.access("pbx1")[0].user == "robot"
    assert site.access("bastion1")[0].user == "deploy"


@pytest.mark.parametrize(
    ("grant", "on_pbx", "on_bastion"),
    [
        ("groups: [pbx]\n    roles: [administrator]", ["ana"], []),
        ("groups: [pbx]\n    people: [bruno]", ["bruno"], []),
        (
            "groups: [all]\n    roles: [administrator]\n    people: [bruno]",
            ["ana", "bruno"],
            ["ana", "bruno"],
        ),
        ("groups: [bastion, pbx]\n    people: [ana]", ["ana"], ["ana"]),
    ],
)
def test_access_is_opened_by_groups_to_roles_and_people(
    grant: str, on_pbx: list[str], on_bastion: list[str], load: Load
) -> None:
    site = load(("groups: [all]\n    roles: [administrator]", grant))
    assert admitted(site.policy, site.host("pbx1")) == on_pbx
    assert admitted(site.policy, site.host("bastion1")) == on_bastion


@pytest.mark.parametrize(("days", "found"), [(0, ["ana"]), (2, ["ana"]), (-1, [])])
def test_nobody_is_admitted_after_the_last_day(days: int, found: list[str], load: Load) -> None:
    last = datetime.now(UTC).date() + timedelta(days=days)
    site = load(("roles: [administrator]", f"roles: [administrator]\n    leaves: {last}"))
    assert admitted(site.policy, site.host("pbx1")) == found


def test_a_key_file_is_read_when_access_is_asked_for(load: Load, key: str) -> None:
    site = load(("- key: KEY2 deploy", "- key_file: deploy.pub"))
    with pytest.raises(UsageError, match=r"deploy\.pub: No such file or directory"):
        site.access("pbx1")
    (site.path / "deploy.pub").write_text("nonsense")
    with pytest.raises(UsageError, match=r"deploy\.pub must be one line"):
        site.access("pbx1")
    (site.path / "deploy.pub").write_text(f"{key} deploy\n")
    assert site.access("pbx1")[0].keys[0].public_key == key
