from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.audit import settings as module
from roles.audit.deploy import COMPARED
from roles.audit.rules import ARCHES, BY_NAME, TOUCHING, Rule, of_data
from roles.audit.settings import WAIT, Settings

HOUSE = find_house(Path(module.__file__))


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def keys(settings, *groups, data=()):
    return [rule.key for rule in settings.rules_of(host(*groups), list(data))]


def rendered(settings, *groups, data=()):
    return render(
        HOUSE.templates_dir("audit"),
        "audit.rules",
        rules=settings.rules_of(host(*groups), list(data)),
        arches=ARCHES,
        compared=COMPARED,
        wait=WAIT,
        **settings.model_dump(),
    )


def test_what_is_recorded_depends_on_what_the_host_is_for():
    assert "telephony" in keys(Settings(), "pbx")
    assert "telephony" not in keys(Settings(), "recordings")
    assert "database" in keys(Settings(), "database")
    assert "access-record" not in keys(Settings(), "pbx")
    assert keys(Settings(), "recordings", data=["/srv/recordings"])[0] == "access-record"


def test_denials_are_looked_at_last_so_that_a_place_keeps_its_own_key():
    assert keys(Settings(), "pbx")[-2:] == ["access-denied", "access-denied"]


def test_the_narrower_place_comes_first():
    paths = [place.path for place in Settings().places_of(host())]
    assert paths.index("/etc/ssh") < paths.index("/etc")
    assert paths.index("/var/log/audit") < paths.index("/var/log")


def test_a_site_adds_places_that_keep_their_key():
    site = {"watched": [{"path": "/etc/acd", "groups": ["pbx"], "key": "acd"}]}
    settings = Settings.model_validate(site)
    assert keys(settings, "pbx")[0] == "acd"
    assert "acd" not in keys(settings, "agents")


def test_commands_of_root_are_recorded_where_the_site_wants_it():
    assert "root-command" in keys(Settings())
    assert "root-command" not in keys(Settings.model_validate({"root_commands": ["pbx"]}), "agents")


@pytest.mark.parametrize("path", ["/", "etc", "/etc/", "/etc/../root", "/a b", "/a//b", "/a\nb"])
def test_a_place_is_named_plainly(path):
    with pytest.raises(ValidationError):
        Settings.model_validate({"watched": [{"path": path, "groups": ["all"]}]})


@pytest.mark.parametrize("key", ["", "a b", "a,b", "-k", "Ä"])
def test_a_key_is_a_plain_word(key):
    with pytest.raises(ValidationError):
        Settings.model_validate({"watched": [{"path": "/a", "groups": ["all"], "key": key}]})


def test_no_full_disk_ends_the_service_unless_the_site_says_so():
    assert not {"SINGLE", "HALT", "SUSPEND"} & set(Settings().actions.values())
    assert Settings(when_full="halt").actions["disk_full_action"] == "HALT"
    assert Settings(when_full="suspend").actions["disk_error_action"] == "SUSPEND"


def test_each_rule_stands_for_both_architectures_with_calls_that_each_knows():
    lines = [line for line in rendered(Settings()).splitlines() if line.startswith("-a ")]
    thirty_two = [line for line in lines if "arch=b32" in line]
    assert len(lines) == len(thirty_two) + len(Settings().rules_of(host(), []))
    assert len(thirty_two) == len(lines) - len(thirty_two) - 1  # but kexec's
    assert not any("kexec" in line for line in thirty_two)
    assert any("stime" in line for line in thirty_two)
    assert not any(",stime" in line for line in lines if "arch=b64" in line)


def test_the_file_ends_with_the_lock():
    assert rendered(Settings()).splitlines()[-1] == "-e 2"
    assert rendered(Settings(immutable=False)).splitlines()[-1] == "-e 1"


def test_comparisons_have_an_option_of_their_own():
    text = rendered(Settings())
    assert " -C uid!=euid -F auid!=-1 -F key=privileged\n" in text
    assert " -F uid!=euid" not in text


def test_the_access_record_is_of_people_root_included():
    line = next(x for x in rendered(Settings(), data=["/srv/a"]).splitlines() if "access-rec" in x)
    assert " -F dir=/srv/a -F auid!=-1 -F key=access-record" in line
    assert "auid>=" not in rendered(Settings())


def test_no_rule_of_a_directory_is_asked_at_every_call():
    """A rule without calls would be looked at whenever a program asks the kernel for anything."""
    for rule in Settings().rules_of(host("pbx", "database"), ["/srv/a"]):
        assert rule.calls
        assert not {"read", "write", "recvmsg", "sendto", "futex", "stat"} & set(rule.calls)


def test_listing_access_lists_is_no_access_to_data():
    assert "getxattr" not in of_data("/srv/a").calls
    assert {"openat", "renameat2", "unlinkat", "fchmodat"} <= set(TOUCHING)


def test_what_copies_are_denied_by_the_thousand_is_not_recorded():
    assert not {"fchown", "fchmod", "setxattr"} & set(BY_NAME)


def test_a_call_of_64_bits_alone_is_not_asked_of_32():
    assert Rule("a", ("kexec_load", "kexec_file_load")).calls_of("b32") == ()
    assert Rule("a", ("chown",)).calls_of("b32") == ("chown", "chown32")
