"""The roles, their controls, the tests that judge them and the sabotages that prove the tests."""

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest

from ringfence.catalogue import framework_ids, load_catalogue
from ringfence.proof import load_sabotages
from ringfence.site import House

HOUSE = House(Path(__file__).parents[2])
CATALOGUE = load_catalogue(HOUSE)
SABOTAGES = load_sabotages(HOUSE, CATALOGUE)
WITHOUT_SABOTAGE: dict[str, str] = {}
"""Controls that nothing in the lab can break, each with the reason."""
NOTHING_TO_REMOVE = {
    "FW-04": "of what listens there can only be too much",
    "SYS-01": "of software and services there can only be too much",
}
"""Controls that ask for nothing to be there, so that nothing can be taken away, with the reason."""

SUITE = [HOUSE.baseline_dir / f"test_{role}.py" for role in HOUSE.roles]
TREES = {path.name: ast.parse(path.read_text()) for path in SUITE}
ALLOWED_IMPORTS = {"pytest", *sys.stdlib_module_names}


def judging_functions(tree):
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def controls_of(test):
    return [
        mark.args[0].value
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "control"
    ]


def calls_of(test):
    return {
        node.func.id
        for node in ast.walk(test)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


TESTS = [(name, test) for name, tree in TREES.items() for test in judging_functions(tree)]
EVERY_TEST = pytest.mark.parametrize(
    ("file", "test"), TESTS, ids=lambda one: getattr(one, "name", one)
)
EVERY_CONTROL = pytest.mark.parametrize("control", CATALOGUE.controls)
CASES = [(sabotage.control, case) for sabotage in SABOTAGES.values() for case in sabotage.cases]


def test_every_role_has_controls_baseline_tests_and_sabotages():
    for role in HOUSE.roles:
        assert (HOUSE.role_dir(role) / "controls.yml").is_file()
        assert (HOUSE.baseline_dir / f"test_{role}.py").is_file()
        assert (HOUSE.sabotage_dir / f"{role}.yml").is_file()


def test_every_file_of_the_suite_belongs_to_a_role():
    for path in HOUSE.baseline_dir.glob("*.py"):
        assert (HOUSE.role_dir(path.stem.removeprefix("test_")) / "controls.yml").is_file()


def test_every_control_has_an_id_of_its_own():
    written = Counter(
        line.split(":")[1].strip()
        for role in HOUSE.roles
        for line in (HOUSE.role_dir(role) / "controls.yml").read_text().splitlines()
        if line.lstrip().startswith("- id:")
    )
    assert written == Counter(list(CATALOGUE.controls))


@EVERY_CONTROL
def test_a_control_is_judged_by_a_test_of_each_of_its_roles(control):
    for role in CATALOGUE.roles_of[control]:
        tests = judging_functions(TREES[f"test_{role}.py"])
        assert any(control in controls_of(test) for test in tests), role


@EVERY_CONTROL
def test_a_control_has_a_sabotage_or_the_reason_why_none_can_exist(control):
    assert (control in SABOTAGES) != (control in WITHOUT_SABOTAGE)


@EVERY_CONTROL
def test_a_control_is_broken_by_removal_weakening_and_addition(control):
    if control in SABOTAGES:
        kinds = {case.kind.value for case in SABOTAGES[control].cases}
        wanted = {"weaken", "add"} if control in NOTHING_TO_REMOVE else {"remove", "weaken", "add"}
        assert kinds == wanted


@EVERY_CONTROL
def test_a_control_names_clauses_that_exist(control):
    frameworks = CATALOGUE.controls[control].frameworks
    assert frameworks
    for framework, clauses in frameworks.items():
        assert clauses
        assert set(clauses) <= framework_ids()[framework]


@EVERY_TEST
def test_a_baseline_test_names_one_control_of_its_files_role(file, test):
    (control,) = controls_of(test)
    assert file.removeprefix("test_").removesuffix(".py") in CATALOGUE.roles_of[control]


@EVERY_TEST
def test_a_baseline_test_records_what_it_observes(file, test):
    assert "expect" in calls_of(test), f"{file}: {test.name}"


@EVERY_TEST
def test_a_baseline_test_was_made_to_fail_by_a_case_of_its_control(file, test):
    (control,) = controls_of(test)
    named = {name for case in SABOTAGES[control].cases for name in case.fails}
    assert test.name in named, f"{file}: no case of {control} makes {test.name} fail"


def test_the_names_of_baseline_tests_are_unique():
    assert not [
        name for name, count in Counter(test.name for _, test in TESTS).items() if count > 1
    ]


@pytest.mark.parametrize(("control", "case"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_case_makes_tests_of_its_own_control_fail(control, case):
    own = {test.name for _, test in TESTS if control in controls_of(test)}
    assert set(case.fails) <= own
    assert control not in case.also
    assert set(case.also) <= set(CATALOGUE.controls)


@pytest.mark.parametrize("control", SABOTAGES)
def test_the_cases_of_a_control_have_names_of_their_own(control):
    names = [case.name for case in SABOTAGES[control].cases]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", TREES)
def test_the_suite_imports_the_verifier_alone(file):
    for node in ast.walk(TREES[file]):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            continue
        for module in modules:
            ours = module == "ringfence.verify" or module.startswith("ringfence.verify.")
            assert ours or module.partition(".")[0] in ALLOWED_IMPORTS
