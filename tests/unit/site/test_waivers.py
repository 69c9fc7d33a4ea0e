from collections.abc import Callable
from datetime import date

import pytest

from ringfence.site import Site, load_site
from ringfence.site.meanings import meanings
from ringfence.site.waivers import Waiver

Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    reason: An old phone\n",
            "",
            "waivers.yml:2:5: waivers[0]: 'reason' is missing: add it",
        ),
        (
            "    owner: ana\n    approved:",
            "    approved:",
            "waivers.yml:2:5: waivers[0]: 'owner' is missing: add it",
        ),
        (
            "    expires: 2026-12-31\n",
            "",
            "waivers.yml:2:5: waivers[0]: 'expires' is missing: add it",
        ),
        (
            "    hosts: [pbx1]\n",
            "",
            "waivers.yml:2:5: waivers[0]: holds for no host: name `hosts` or `groups`",
        ),
        (
            "expires: 2026-12-31",
            "expires: 2026-10-31",
            "waivers.yml:2:5: waivers[0]: expires before it was approved",
        ),
        (
            "control: TOY-01",
            "control: toy",
            "waivers.yml:2:14: waivers[0].control: "
            "'toy' must be the id of a control, such as SSH-03",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    old: str, new: str, expected: str, problems: Problems
) -> None:
    assert problems(old, new) == [expected]


def test_a_waiver_holds_through_its_last_day(site: Site) -> None:
    waiver = site.waivers[0]
    assert not waiver.expired(date(2026, 12, 31))
    assert waiver.expired(date(2027, 1, 1))


def test_a_waiver_covers_a_control_on_its_hosts_and_groups(site: Site) -> None:
    waiver = site.waivers[0]
    pbx, bastion = site.host("pbx1"), site.host("bastion1")
    assert waiver.covers(pbx, "TOY-01")
    assert not waiver.covers(pbx, "TOY-02")
    assert not waiver.covers(bastion, "TOY-01")
    for groups, covered in ((["all"], True), (["bastion"], True), (["pbx"], False)):
        other = waiver.model_copy(update={"hosts": [], "groups": groups})
        assert other.covers(bastion, "TOY-01") is covered


def test_every_key_of_a_waiver_is_described() -> None:
    assert list(meanings(Waiver)) == list(Waiver.model_fields)


def test_an_expired_waiver_is_a_warning(site: Site) -> None:
    later = load_site(site.path, today=date(2027, 1, 1))
    assert [str(w).removeprefix(f"{site.path}/") for w in later.warnings] == [
        "waivers.yml:8:14: waivers[0].expires: "
        "the waiver of TOY-01 ended on 2026-12-31 and no longer counts"
    ]
    assert site.warnings == []
