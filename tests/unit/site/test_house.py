import importlib
import shutil
from pathlib import Path

import pytest

from ringfence.errors import UsageError
from ringfence.site import House, SiteError, find_house
from ringfence.site.problems import Problem

CHECKOUT = Path(__file__).parents[3]


def table(house: House, text: str) -> list[Problem]:
    (house.root / "roles" / "roles.yml").write_text(text)
    with pytest.raises(SiteError) as error:
        _ = House(house.root).roles
    return error.value.problems


def test_the_roles_are_those_of_the_table_in_its_order() -> None:
    house = find_house(Path(__file__))
    assert house.root == CHECKOUT
    assert {"identity", "ssh"} <= set(house.roles)
    assert house.roles["ssh"] == ["all"]


def test_a_house_names_its_folders(house: House) -> None:
    assert house.role_dir("toy") == house.root / "roles" / "toy"
    assert house.templates_dir("toy") == house.root / "templates" / "toy"
    assert house.baseline_dir == house.root / "tests" / "baseline"
    assert house.sabotage_dir == house.root / "tests" / "sabotage"
    assert house.deploys_dir == house.root / "deploys"


def test_a_host_gets_the_roles_of_its_groups_in_order(house: House) -> None:
    for role in ("calls", "store"):
        shutil.copytree(house.role_dir("toy"), house.role_dir(role))
    (house.root / "roles" / "roles.yml").write_text(
        "store: [database, pbx]\ntoy: [all]\ncalls: [pbx]\n"
    )
    assert house.roles_for(["pbx"]) == ["store", "toy", "calls"]
    assert house.roles_for([]) == ["toy"]


def test_the_house_is_the_nearest_around_the_site(house: House, tmp_path: Path) -> None:
    inside = house.root / "inventories" / "x"
    inside.mkdir(parents=True)
    assert find_house(inside).root == house.root
    assert find_house(tmp_path).root == CHECKOUT


def test_the_environment_names_the_house(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_HOUSE", str(house.root))
    assert find_house(CHECKOUT).root == house.root
    monkeypatch.setenv("RINGFENCE_HOUSE", "/nowhere")
    with pytest.raises(UsageError, match="RINGFENCE_HOUSE is '/nowhere', which has no"):
        find_house(CHECKOUT)


def test_a_role_without_a_folder_is_refused_with_the_nearest(house: House) -> None:
    problems = table(house, "toy: [all]\ntoyy: [all]\n")
    assert [(p.line, p.column, p.message) for p in problems] == [
        (2, 1, "there is no folder roles/toyy; did you mean 'toy'?")
    ]


@pytest.mark.parametrize("groups", ["all", "{}", "", "[1]", "[all, [pbx]]"])
def test_groups_that_are_no_list_of_names_are_refused(house: House, groups: str) -> None:
    problems = table(house, f"toy: {groups}\n")
    assert problems[0].line == 1
    assert "must be a list of groups" in problems[0].message


@pytest.mark.parametrize("text", ["", "[toy]", "toy: [all]\ntoy: [all]\n", "toy: [\n", "\t"])
def test_a_table_that_is_not_one_is_refused(house: House, text: str) -> None:
    assert table(house, text)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="the file is missing"):
        _ = House(tmp_path).roles


def test_roles_are_imported_from_this_house_whichever_came_before(house: House) -> None:
    checkout = find_house(CHECKOUT)
    assert checkout.import_role("ssh", "settings").__file__ == str(
        CHECKOUT / "roles" / "ssh" / "settings.py"
    )
    toy = house.import_role("toy", "settings")
    assert toy.Settings().level == 3
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("roles.ssh.settings")
    assert checkout.import_role("ssh", "settings").Settings()
