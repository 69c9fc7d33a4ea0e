import shutil
from collections.abc import Callable

import pytest

from ringfence.errors import ToolError, UsageError
from ringfence.site import House, Site
from ringfence.site.policy import BasePolicy, Flow, compose

Problems = Callable[..., list[str]]


def test_every_key_of_the_policy_is_described(house: House) -> None:
    waiting: list[type[BasePolicy]] = [compose(house)]
    for model in waiting:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


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
