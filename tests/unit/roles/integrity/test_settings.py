import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.integrity import settings as module
from roles.integrity.settings import Settings

HOUSE = find_house(Path(module.__file__))


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def settings(**values):
    return Settings.model_validate_json(json.dumps(values))


def test_what_is_passed_over_is_said_by_groups():
    entry = {"path": "/etc/asterisk/generated*", "groups": ["pbx"], "purpose": "the ACD writes it"}
    given = settings(passed_over=[entry], watched=["/srv/www"])
    assert "/etc/asterisk/generated*" in given.passed_over_of(host("pbx"))
    assert "/etc/asterisk/generated*" not in given.passed_over_of(host("agents"))
    assert given.trees_of(host())[-1] == "/srv/www"


def test_changes_are_reported_unless_the_site_says_otherwise():
    assert settings().changes == "report"


@pytest.mark.parametrize("path", ["etc", "/etc/../a", "/a//b", "/a/", "/a b", "/a*b", "/$(id)"])
def test_paths_that_no_rule_may_have_are_refused(path):
    with pytest.raises(ValidationError):
        settings(passed_over=[{"path": path, "purpose": "x"}])


@pytest.mark.parametrize("path", ["etc", "/", "/a/", "/a b", "/a*"])
def test_directories_that_no_rule_may_have_are_refused(path):
    with pytest.raises(ValidationError):
        settings(watched=[path])


@pytest.mark.parametrize("waits", [True, False])
def test_the_script_is_sound_shell(waits, tmp_path):
    script = tmp_path / "integrity"
    script.write_text(
        render(HOUSE.templates_dir("integrity"), "integrity", waits=waits, oldest_minutes=1560)
    )
    subprocess.run(["sh", "-n", script], check=True)
    calls = script.read_text().count("wait_for_silence")
    assert calls == (2 if waits else 1)
    assert settings().waits_for_calls(host("pbx"))
    assert not settings().waits_for_calls(host("agents"))


def test_what_changes_at_each_login_and_boot_is_passed_over():
    passed = settings().passed_over_of(host())
    for path in ("/etc/ringfence/totp", "/boot/grub/grubenv", "/etc/lvm/archive", "/etc/.updated"):
        assert path in passed


def test_the_comparison_takes_only_what_no_call_wants():
    unit = (HOUSE.templates_dir("integrity") / "ringfence-integrity.service.j2").read_text()
    for line in ("CPUWeight=idle", "Nice=19", "IOSchedulingClass=idle"):
        assert f"\n{line}\n" in unit
