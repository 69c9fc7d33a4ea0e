from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import House, SiteError, load_site

Told = Callable[..., list[str]]

MAIL = "{name: soc, server: 10.9.0.25, sender: r@example.org, to: [soc@example.org]}"
EGRESS = """\
    - {groups: [all], to: [10.9.0.25], port: 587, protocol: tcp, purpose: alerts}
"""


@pytest.fixture
def house(house_with: Callable[[str], House]) -> House:
    """The checkout with the role `alerts` in its table."""
    return house_with("alerts")


@pytest.fixture
def told(load: Callable[..., object], tmp_path: Path, house: House) -> Told:
    """Return what is told of the clean site with a section `alerts`, and with more ways out."""
    load()

    def lines(alerts: str, egress: str = "") -> list[str]:
        policy = tmp_path / "policy.yml"
        text, _, _ = policy.read_text().partition("alerts:\n")
        text = text.replace("firewall:\n  egress:\n", f"firewall:\n  egress:\n{egress}")
        policy.write_text(text + alerts)
        try:
            problems = load_site(tmp_path, house=house).warnings
        except SiteError as error:
            problems = error.problems
        return [str(p) for p in problems if "alerts" in str(p)]

    return lines


def test_a_site_without_a_channel_is_told(told: Told) -> None:
    [message] = told("")
    assert message.endswith(
        "names no channel: add one to `mail` or to `webhooks` [nobody-hears-alerts]"
    )


def test_a_channel_that_the_firewall_cuts_off_is_told(told: Told) -> None:
    [message] = told(f"alerts: {{mail: [{MAIL}]}}\n")
    assert "out to 10.9.0.25 by 587/tcp, so alerts stay there" in message
    assert message.endswith("[channel-out-of-reach]")


def test_a_channel_that_can_be_reached_is_well(told: Told) -> None:
    assert told(f"alerts: {{mail: [{MAIL}]}}\n", EGRESS) == []


def test_a_service_of_a_group_that_is_none_is_refused(told: Told) -> None:
    unit = "{unit: acd.service, groups: [pbxs], purpose: calls}"
    [message] = told(f"alerts: {{mail: [{MAIL}], units: [{unit}]}}\n", EGRESS)
    assert "'pbxs'" in message
    assert "pbx" in message.partition("'pbxs'")[2]
