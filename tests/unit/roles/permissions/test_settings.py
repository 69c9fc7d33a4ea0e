import subprocess
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.permissions.settings import LISTS, Settings

HOUSE = find_house(LISTS)


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def paths(settings, *groups):
    return [entry.path for entry in settings.data_of(host(*groups))]


def test_the_products_groups_have_a_place_for_their_data():
    settings = Settings()
    assert paths(settings, "recordings", "database") == ["/srv/recordings", "/srv/database"]
    assert paths(settings, "log_collector") == ["/srv/logs"]
    assert paths(settings, "backup_server") == ["/srv/backups"]
    assert paths(settings, "pbx") == []


def test_an_entry_replaces_the_place_of_its_group_alone():
    entry = {"path": "/data/calls", "groups": ["recordings"], "group": "calls"}
    settings = Settings.model_validate({"data": [entry]})
    assert paths(settings, "recordings") == ["/data/calls"]
    assert paths(settings, "database") == ["/srv/database"]


def test_an_entry_for_all_replaces_every_place():
    entry = {"path": "/data/calls", "groups": ["all"], "group": "calls"}
    assert paths(Settings.model_validate({"data": [entry]}), "database") == ["/data/calls"]


@pytest.mark.parametrize(
    "path",
    ["srv/a", "/srv/", "/srv//a", "/srv/../etc", "/srv/.", "/srv/a b", "/srv/$(id)", "/srv/*"],
)
def test_a_path_that_is_not_plain_is_refused(path):
    entry = {"path": path, "groups": ["all"], "group": "calls"}
    with pytest.raises(ValidationError, match="must"):
        Settings.model_validate({"data": [entry]})


@pytest.mark.parametrize(
    ("grant", "good"),
    [
        ("4755 root:root", True),
        ("cap_net_raw=ep", True),
        ("cap_net_admin,cap_net_raw=eip", True),
        ("0755 root:root", False),
        ("4755 root", False),
        ("net_raw", False),
        ("", False),
    ],
)
def test_a_grant_is_a_mode_with_owner_or_capabilities(grant, good):
    entry = {"path": "/usr/bin/x", "grant": grant, "purpose": "why"}
    if good:
        assert Settings.model_validate({"privileged": [entry]})
    else:
        with pytest.raises(ValidationError):
            Settings.model_validate({"privileged": [entry]})


@pytest.mark.parametrize("release", [12, 13])
def test_what_debian_needs_keeps_its_privileges(release):
    allowed = Settings().privileges(release)
    for name in ("sudo", "su", "mount", "umount", "passwd", "newgrp"):
        assert allowed[f"/usr/bin/{name}"] == "4755 root:root"
    assert allowed["/usr/bin/crontab"] == "2755 root:crontab"
    assert allowed["/usr/sbin/unix_chkpwd"] == "2755 root:shadow"
    assert allowed["/usr/lib/aarch64-linux-gnu/utempter/utempter"] == "2755 root:utmp"


@pytest.mark.parametrize("release", [12, 13])
def test_every_line_of_a_list_is_a_grant(release):
    for line in (LISTS / f"{release}.txt").read_text().splitlines():
        if not line.startswith("#"):
            path, grant, package = line.split("\t")
            assert package
            entry = {"path": path, "grant": grant, "purpose": package}
            assert Settings.model_validate({"privileged": [entry]})


def test_a_release_without_a_list_allows_nothing():
    entry = {"path": "/usr/bin/x", "grant": "4755 root:root", "purpose": "why"}
    assert Settings.model_validate({"privileged": [entry]}).privileges(99) == {}


def test_the_search_is_shell():
    values = {"other_systems": ["/var/lib/docker"], "oldest_minutes": 1560}
    text = render(HOUSE.templates_dir("permissions"), "permissions", **values)
    outcome = subprocess.run(
        ["shellcheck", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout
