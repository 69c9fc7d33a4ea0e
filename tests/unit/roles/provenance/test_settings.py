import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.provenance import deploy
from roles.provenance import settings as module
from roles.provenance.settings import Settings

HOUSE = find_house(Path(module.__file__))


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def settings(**values):
    return Settings.model_validate_json(json.dumps(values))


@pytest.mark.parametrize(
    "uri", ["http://a.example/debian", "*/debian", "file:/srv/debian", "https://a.example:8443"]
)
def test_places_are_as_sources_lists_have_them(uri):
    given = settings(repositories=[{"uri": uri, "groups": ["pbx"], "purpose": "x"}])
    assert given.repositories_of(host("pbx"))[uri] == module.KEYRING
    assert uri not in given.repositories_of(host("agents"))


@pytest.mark.parametrize(
    "entry",
    [
        *({"uri": uri} for uri in ("*", "debian", "http://a/", "http://a b", "http://*/debian")),
        *({"uri": "*/debian", "key": key} for key in ("k.gpg", "/../k", "/a b", "/$(id)")),
    ],
)
def test_places_and_keys_that_no_source_has_are_refused(entry):
    with pytest.raises(ValidationError):
        settings(repositories=[{"purpose": "x", **entry}])


def test_the_boot_loader_has_a_password_on_declared_groups_alone():
    given = settings(boot_loader={"groups": ["agents"], "password": "grub"})
    assert given.boot_password_of(host("agents")).user == "ringfence"
    assert given.boot_password_of(host("pbx")) is None
    assert settings().boot_password_of(host("agents")) is None


@pytest.mark.parametrize(
    ("digest", "good"),
    [
        (f"grub.pbkdf2.sha512.10000.{'AB' * 64}.{'CD' * 64}", True),
        (f"grub.pbkdf2.sha512.9999.{'AB' * 64}.{'CD' * 64}", False),
        ("open", False),
        (f"grub.pbkdf2.sha512.10000.{'AB' * 64}.{'CD' * 64}\nset superusers=", False),
    ],
)
def test_only_what_grub_made_is_given_to_grub(digest, good):
    assert bool(deploy.PBKDF2.fullmatch(digest)) is good


def test_the_script_of_the_boot_menu_is_sound_and_starts_need_no_password():
    templates = HOUSE.templates_dir("provenance")
    script = render(templates, "boot_password", user="ringfence", digest="grub.pbkdf2.x")
    told = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [
        'set superusers="ringfence"',
        "export superusers",
        "password_pbkdf2 ringfence grub.pbkdf2.x",
        'menuentry_id_option="--unrestricted $menuentry_id_option"',
    ]
