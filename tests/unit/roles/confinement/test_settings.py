import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.operations.shell import library
from ringfence.rendering import render
from ringfence.site import find_house
from roles.audit.deploy import CONFINED
from roles.confinement import settings as module
from roles.confinement.settings import SANDBOXES, UNCONFINED, Settings

HOUSE = find_house(Path(module.__file__))


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def sandboxes(settings, *groups):
    return {one.unit: one for one in settings.sandboxes_of(host(*groups))}


def test_every_service_of_ringfence_s_own_has_a_sandbox_or_the_reason_why_not():
    own = {path.name.removesuffix(".j2") for path in HOUSE.root.glob("templates/*/*.service.j2")}
    assert own >= {"ringfence-inventory.service", "ringfence-inactive.service"}
    assert own <= {one.unit for one in SANDBOXES} | set(UNCONFINED)


@pytest.mark.parametrize("sandbox", [one for one in SANDBOXES if "ringfence" in one.unit])
def test_its_unit_says_what_its_sandbox_is(sandbox):
    (file,) = HOUSE.root.glob(f"templates/*/{sandbox.unit}.j2")
    said = dict(re.findall(r"^([A-Z][A-Za-z]+)=(.*)$", file.read_text(), re.MULTILINE))
    for setting, value in sandbox.settings.items():
        if isinstance(value, tuple):
            assert set(said[setting].split()) <= set(value)
        else:
            assert said[setting] in sandbox.good(setting)


def test_what_protects_more_is_as_good():
    daemon = sandboxes(Settings())["chrony.service"]
    assert daemon.good("ProtectSystem") == ("full", "strict")
    assert daemon.good("ProtectHome") == ("yes",)
    assert daemon.good("NoNewPrivileges") == ("yes",)
    assert "AF_PACKET" not in daemon.good("RestrictAddressFamilies")


def test_services_that_carry_calls_are_never_restarted():
    known = sandboxes(Settings())
    for unit in ("kamailio.service", "asterisk.service", "freeswitch.service"):
        assert known[unit].carries_calls
    assert not known["chrony.service"].carries_calls


def test_auditd_is_restarted_by_its_own_role_and_sees_what_its_rules_are_about():
    sandbox = sandboxes(Settings())["auditd.service"]
    assert sandbox.restarted_by == "audit"
    assert not {"ProtectHome", "PrivateTmp"} & set(sandbox.settings)
    assert sandbox.settings["ProtectSystem"] == "yes"  # nor may /etc be read only
    assert CONFINED in Settings().drop_ins_of(host("pbx"))
    assert f"sandbox={CONFINED}\n" in library("audit")


def test_auditd_can_t_have_the_sandbox_of_daemons():
    units = [{"unit": "auditd.service", "groups": ["all"]}]
    with pytest.raises(
        ValidationError, match=r"auditd\.service has a sandbox of its own, and can't"
    ):
        Settings.model_validate({"units": units})


def test_a_site_adds_services_of_its_own_on_the_hosts_of_their_groups():
    unit = {"unit": "acd@.service", "groups": ["pbx"], "carries_calls": True}
    settings = Settings.model_validate({"units": [unit]})
    assert sandboxes(settings, "pbx")["acd@.service"].carries_calls
    assert "acd@.service" not in sandboxes(settings, "agents")


def test_a_service_does_without_what_it_can_t_bear_and_keeps_the_rest():
    loose = {
        "unit": "rsyslog.service",
        "groups": ["log_collector"],
        "settings": ["NoNewPrivileges"],
        "exposure": 8.5,
        "purpose": "it starts a program that becomes root",
    }
    settings = Settings.model_validate({"loosened": [loose]})
    found = sandboxes(settings, "log_collector")["rsyslog.service"]
    assert "NoNewPrivileges" not in found.settings
    assert "ProtectSystem" in found.settings
    assert found.exposure == 8.5
    assert "NoNewPrivileges" in sandboxes(settings, "pbx")["rsyslog.service"].settings


@pytest.mark.parametrize("unit", ["a.timer", "../a.service", "a b.service", "-a.service"])
def test_what_is_no_service_is_refused(unit):
    with pytest.raises(ValidationError):
        Settings.model_validate({"units": [{"unit": unit, "groups": ["pbx"]}]})


def test_profiles_that_do_not_enforce_are_declared_by_group():
    declared = {"profile": "usr.bin.old", "groups": ["agents"], "purpose": "an old program"}
    settings = Settings.model_validate({"profiles": [{**declared, "mode": "disabled"}]})
    assert settings.profiles_of(host("agents"), "disabled") == ["usr.bin.old"]
    assert settings.profiles_of(host("pbx"), "disabled") == []
    assert "usr.bin.old" not in settings.profiles_of(host("agents"), "complain")


def test_a_list_of_a_drop_in_begins_anew():
    sandbox = sandboxes(Settings())["chrony.service"]
    text = render(HOUSE.templates_dir("confinement"), "sandbox.conf", settings=sandbox.settings)
    lines = text.splitlines()
    first = lines.index("RestrictAddressFamilies=")
    assert lines[first + 1] == "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX"
    assert lines[1] == "[Service]"
