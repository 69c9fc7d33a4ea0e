import shutil
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from ringfence.errors import ToolError, UsageError
from ringfence.site import House, Site
from ringfence.site.meanings import meanings
from ringfence.site.policy import BasePolicy, Flow, WorkingHours, compose

Problems = Callable[..., list[str]]


def test_every_key_of_the_policy_is_described(house: House) -> None:
    waiting: list[type[BasePolicy]] = [compose(house)]
    for model in waiting:
        described = meanings(model)
        for name, field in model.model_fields.items():
            assert field.description or name in described, f"{model.__name__}.{name}"


def test_a_role_adds_its_section_with_its_defaults(site: Site) -> None:
    assert site.policy.role("toy").level == 3
    assert site.policy.toy.level == 3  # type: ignore[attr-defined]


def test_a_role_without_settings_has_no_section(house: House) -> None:
    (house.role_dir("toy") / "settings.py").unlink()
    assert "toy" not in compose(house).model_fields


def test_a_section_without_defaults_must_be_written(house: House, problems: Problems) -> None:
    settings = house.role_dir("toy") / "settings.py"
    settings.write_text(settings.read_text().replace("level: int = 3", "level: int"))
    assert problems("  name: Small", "  name:  Small") == [
        "policy.yml:1:1: 'toy' is missing: add it"
    ]


@pytest.mark.parametrize("name", ["flows", "role", "copy", "nobody"])
def test_only_roles_have_settings(site: Site, name: str) -> None:
    with pytest.raises(KeyError):
        site.policy.role(name)


@pytest.mark.parametrize("name", ["people", "role", "model_dump"])
def test_a_role_may_not_be_named_like_a_part_of_the_policy(house: House, name: str) -> None:
    shutil.copytree(house.role_dir("toy"), house.role_dir(name))
    (house.root / "roles" / "roles.yml").write_text(f"{name}: [all]\n")
    with pytest.raises(UsageError, match=f"no role can be named '{name}'"):
        compose(house)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import nothing_there\n", "can't be imported: ModuleNotFoundError"),
        ("1 / 0\n", "can't be imported: ZeroDivisionError"),
        ("x = (\n", "can't be imported: SyntaxError"),
        ("Settings = 3\n", "has no class Settings"),
        ("", "has no class Settings"),
    ],
)
def test_settings_that_are_broken_are_a_sentence(house: House, code: str, sentence: str) -> None:
    (house.role_dir("toy") / "settings.py").write_text(code)
    with pytest.raises(ToolError, match=sentence):
        compose(house)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "flows:",
            "toy: {levle: 3}\nflows:",
            "policy.yml:22:7: toy.levle: there is no key 'levle' here; did you mean 'level'?",
        ),
        (
            "flows:",
            "toy: {level: x}\nflows:",
            "policy.yml:22:14: toy.level: 'x' must be a whole number",
        ),
        (
            "protocol: tcp",
            "protocol: tpc",
            "policy.yml:23:50: flows[0].protocol: "
            "'tpc' is not one of tcp, udp; did you mean 'tcp'?",
        ),
        (
            "KEY1 ana@laptop",
            "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNz",
            "policy.yml:10:14: people.ana.ssh_keys[0].key: holds a PRIVATE key: "
            "treat it as leaked, make a new one, and write its .pub file here",
        ),
        (
            "- key: KEY2 deploy",
            "- key_file: x.pub\n    key: KEY2",
            "policy.yml:18:5: deploy_access[0]: has both `key` and `key_file`: keep one of them",
        ),
        (
            "  - key: KEY2 deploy\n    owner",
            "  - owner",
            "policy.yml:18:5: deploy_access[0]: needs the public key: `key` or `key_file`",
        ),
        (
            "    roles: [administrator]\ndeploy",
            "deploy",
            "policy.yml:15:5: access[0]: opens the hosts to nobody: name `roles` or `people`",
        ),
        (
            "organisation:\n  name: Small\n",
            "",
            "policy.yml:1:1: 'organisation' is missing: add it",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    old: str, new: str, expected: str, problems: Problems
) -> None:
    assert problems(old, new) == [expected]


def test_a_private_key_over_several_lines_is_not_printed(problems: Problems) -> None:
    pasted = "|\n          -----BEGIN OPENSSH PRIVATE KEY-----\n          b3BlbnNzaC1rZXktdjEA"
    found = problems("KEY1 ana@laptop", pasted)
    assert len(found) == 1
    assert "holds a PRIVATE key" in found[0]
    assert "b3Blbn" not in found[0]


def test_a_flow_has_its_first_and_last_port() -> None:
    common = '"from": "a", "to": "b", "protocol": "udp", "purpose": "x"'
    assert Flow.model_validate_json(f'{{{common}, "port": "10-20"}}').ports == (10, 20)
    assert Flow.model_validate_json(f'{{{common}, "port": 22}}').ports == (22, 22)


@pytest.mark.parametrize(
    ("begin", "end", "moment", "covered"),
    [
        ("08:00", "20:00", "2026-03-02T07:00:00+00:00", True),  # Monday, 8:00 in Madrid
        ("08:00", "20:00", "2026-03-02T06:59:59+00:00", False),
        ("08:00", "20:00", "2026-03-02T19:00:00+00:00", False),  # 20:00 is the end
        ("08:00", "20:00", "2026-07-06T06:00:00+00:00", True),  # in summer 8:00 comes earlier
        ("08:00", "20:00", "2026-03-01T12:00:00+00:00", False),  # Sunday
        ("22:00", "06:00", "2026-03-02T22:00:00+00:00", True),  # Monday, 23:00
        ("22:00", "06:00", "2026-03-03T04:00:00+00:00", True),  # Tuesday, 5:00: Monday's night
        ("22:00", "06:00", "2026-03-02T04:00:00+00:00", False),  # Monday, 5:00: Sunday's night
        ("22:00", "06:00", "2026-03-03T12:00:00+00:00", False),
    ],
)
def test_working_hours(begin: str, end: str, moment: str, covered: bool) -> None:
    hours = WorkingHours(days=["monday"], begin=begin, end=end, time_zone="Europe/Madrid")
    assert hours.cover(datetime.fromisoformat(moment)) is covered


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time_zone": "Madrid"}, "such as Europe/Madrid"),
        ({"time_zone": "../zone"}, "such as Europe/Madrid"),
        ({"begin": "8:00"}, "begin"),
        ({"days": []}, "days"),
        ({"days": ["lunes"]}, "monday"),
    ],
)
def test_working_hours_that_are_none(change: dict[str, Any], said: str) -> None:
    values = {"days": ["monday"], "begin": "08:00", "end": "20:00", "time_zone": "Europe/Madrid"}
    with pytest.raises(ValueError, match=said):
        WorkingHours.model_validate(values | change)
