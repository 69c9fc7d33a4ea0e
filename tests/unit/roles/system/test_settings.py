from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.system import settings as module
from roles.system.settings import FUNCTIONS, OWN_UNITS, PRIMARY, Settings

HOUSE = find_house(Path(module.__file__))


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def test_every_host_is_without_what_no_contact_center_needs():
    surplus = Settings().surplus_of(host("pbx"))
    assert surplus["rpcbind"] == "network file systems"
    assert "xserver-xorg-core" in surplus
    assert "xserver-xorg-core" not in Settings().surplus_of(host("agents"))


def test_what_a_site_needs_is_no_surplus_on_the_hosts_of_its_groups_alone():
    need = {"groups": ["pbx"], "packages": ["tftpd-hpa"], "purpose": "phones fetch their settings"}
    settings = Settings.model_validate({"needed": [need]})
    assert "tftpd-hpa" not in settings.surplus_of(host("pbx"))
    assert "tftpd-hpa" in settings.surplus_of(host("recordings"))


def test_nothing_is_removed_from_a_host_whose_needs_nobody_declared():
    assert Settings().surplus == "report"


def test_ringfences_own_units_are_declared():
    templates = HOUSE.root / "templates"
    written = {
        path.name.removesuffix(".j2")
        for kind in ("service", "timer")
        for path in templates.glob(f"*/ringfence-*.{kind}.j2")
    }
    assert written <= set(OWN_UNITS)
    assert set(OWN_UNITS) <= set(Settings().units_of(host()))


def test_a_sites_own_units_are_declared_by_group():
    need = {"groups": ["pbx"], "units": ["asterisk.service"], "purpose": "calls"}
    settings = Settings.model_validate({"needed": [need]})
    assert "asterisk.service" in settings.units_of(host("pbx"))
    assert "asterisk.service" not in settings.units_of(host("agents"))


@pytest.mark.parametrize(
    ("packages", "functions"),
    [
        (["asterisk", "bash"], ["pbx"]),
        (["postgresql-15", "libreswan"], ["database", "vpn_gateway"]),
        (["postgresql-client-15"], []),
    ],
)
def test_packages_show_functions(packages, functions):
    assert Settings().functions_by(host("pbx"), packages) == functions


def test_a_declared_package_shows_no_function():
    need = {"groups": ["pbx"], "packages": ["mariadb-server"], "purpose": "queues"}
    settings = Settings.model_validate({"needed": [need]})
    assert settings.functions_by(host("pbx"), ["mariadb-server"]) == []
    assert "mariadb-server" not in settings.foreign_functions(host("pbx"))


def test_the_functions_of_a_hosts_own_groups_are_not_foreign():
    foreign = Settings().foreign_functions(host("pbx"))
    assert "asterisk" not in foreign
    assert "postgresql-[0-9]*" in foreign


def test_a_hosts_functions_are_those_of_its_groups():
    assert Settings().functions_of(host("pbx", "agents")) == ["pbx"]


def test_functions_share_a_host_when_the_site_says_so():
    pair = {"groups": ["pbx", "database"], "reason": "queues are kept in real time"}
    settings = Settings.model_validate({"together": [pair]})
    assert settings.may_share(["pbx", "database"])
    assert settings.may_share(["recordings"])
    assert not settings.may_share(["pbx", "recordings"])
    assert not Settings().may_share(["pbx", "database"])


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (["pbx", "agents"], "'agents' is no primary function"),
        (["pbx", "pbx"], "names a group twice"),
    ],
)
def test_only_primary_functions_are_paired(pair, sentence):
    with pytest.raises(ValidationError, match=sentence):
        Settings.model_validate({"together": [{"groups": pair, "reason": "none"}]})


@pytest.mark.parametrize("unit", ["asterisk", "../a.service", "-a.service", "a b.service"])
def test_a_unit_is_named_with_its_kind(unit):
    with pytest.raises(ValidationError):
        Settings.model_validate({"needed": [{"units": [unit], "purpose": "none"}]})


def test_radios_are_for_agents_wireless_and_for_nobody_bluetooth():
    settings = Settings()
    assert settings.has_wireless(host("agents"))
    assert not settings.has_wireless(host("pbx"))
    assert not settings.has_bluetooth(host("agents"))


@pytest.mark.parametrize(
    ("wireless", "bluetooth", "shut"),
    [
        (False, False, {"cfg80211", "mac80211", "bluetooth", "btusb"}),
        (True, False, {"bluetooth", "btusb"}),
        (True, True, set()),
    ],
)
def test_drivers_are_shut_out_for_the_radios_that_may_not_send(wireless, bluetooth, shut):
    text = render(
        HOUSE.templates_dir("system"), "radios.conf", wireless=wireless, bluetooth=bluetooth
    )
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    assert {words[1] for words in lines if words[0] == "install"} == shut
    assert {words[1] for words in lines if words[0] == "blacklist"} == shut


def test_a_function_with_packages_is_a_primary_one():
    assert set(FUNCTIONS) <= set(PRIMARY)
