from collections.abc import Callable
from pathlib import Path

import pytest

Told = Callable[..., list[str]]


@pytest.mark.parametrize("name", ["operador", "agent1", "shift-2"])
def test_an_account_that_several_people_would_share(name: str, told: Told) -> None:
    assert told(("\naccess:", f"\n  {name}: {{full_name: Somebody}}\naccess:")) == [
        f"policy.yml:11:3: people.{name}: '{name}' is nobody's own name: 5 wrong passwords of one "
        "lock out all who share it for 1800 seconds; give each person an account "
        "(RD 1720/2007 art. 93.2) [shared-account]"
    ]


def test_a_name_that_only_begins_like_a_post_is_a_persons(told: Told) -> None:
    assert told(("\naccess:", "\n  pilar: {full_name: Pilar Teston}\naccess:")) == []


def test_one_person_with_two_accounts(told: Told) -> None:
    assert told(("\naccess:", "\n  ana2: {full_name: ana  RUIZ}\naccess:")) == [
        "policy.yml:11:21: people.ana2.full_name: 'ana  RUIZ' is 'ana' already: one account each, "
        "and names that differ [shared-person]"
    ]


def test_a_key_file_with_a_key_of_somebody(
    told: Told, tmp_path: Path, own_key: str, key: str
) -> None:
    by_file = ("{key: KEY3, owner", "{key_file: deploy.pub, owner")
    (tmp_path / "deploy.pub").write_text(own_key)
    assert told(by_file) == [
        "policy.yml:19:16: deploy_access[0].key_file: this is a key of ana already; each needs a "
        "key of their own [shared-key-file]"
    ]
    (tmp_path / "deploy.pub").write_text(key)
    assert told(by_file) == []


def test_a_key_file_of_two_accounts(told: Told, tmp_path: Path, key: str) -> None:
    (tmp_path / "one.pub").write_text(key)
    entry = "{key_file: one.pub, owner: ana, expires: 2027-06-30}"
    (line,) = told(
        ("{key: KEY3, owner", "{key_file: one.pub, owner"),
        ("flows:\n", f"verify_access: [{entry}]\nflows:\n"),
    )
    assert "verify_access[0].key_file: this is a key of the account that Ringfence deploys" in line
