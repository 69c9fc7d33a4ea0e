from pathlib import Path

import pytest

from ringfence.catalogue import Catalogue, load_catalogue
from ringfence.errors import ToolError
from ringfence.proof.explaining import explain, functions_marked
from ringfence.proof.sabotages import load_sabotages
from ringfence.proof.subject import subject_of
from ringfence.site.house import House

HOUSE = House(Path(__file__).parents[3])
CATALOGUE = load_catalogue(HOUSE)
SUITE = """
from ringfence.verify import control

@control("TOY-01")
def test_a(host): ...

@pytest.mark.slow
@control("TOY-01")
def test_b(host): ...

@control("TOY-02")
def test_c(host): ...

def helper(): ...
"""


def test_the_functions_marked_a_control_are_those_that_it_marks(tmp_path):
    path = tmp_path / "test_toy.py"
    path.write_text(SUITE)
    assert functions_marked(path, "TOY-01") == [("test_a", 5), ("test_b", 9)]


def test_a_file_that_is_no_python_is_told(tmp_path):
    path = tmp_path / "test_toy.py"
    for content in (b"def (", b"\0", b"\xff\xff = 1"):
        path.write_bytes(content)
        with pytest.raises(ToolError, match="cannot be read as tests"):
            functions_marked(path, "TOY-01")


def test_what_several_roles_serve_has_the_tests_of_each(tmp_path):
    house = House(tmp_path)
    house.baseline_dir.mkdir(parents=True)
    (house.baseline_dir / "test_toy.py").write_text(SUITE)
    (house.baseline_dir / "test_doll.py").write_text(SUITE.replace("def test_", "def test_doll_"))
    some = next(iter(CATALOGUE.controls.values()))
    toys = Catalogue({"TOY-01": some}, {"TOY-01": ["toy", "doll"]}, {})
    explained = explain(house, toys, {}, "TOY-01")
    assert [(test.name, str(test.suite)) for test in explained.tests] == [
        ("test_a", "tests/baseline/test_toy.py"),
        ("test_b", "tests/baseline/test_toy.py"),
        ("test_doll_a", "tests/baseline/test_doll.py"),
        ("test_doll_b", "tests/baseline/test_doll.py"),
    ]
    told = explained.as_dict()
    assert (told["role"], told["joined_by"]) == ("toy", ["doll"])


@pytest.mark.parametrize("identifier", list(CATALOGUE.controls))
def test_every_control_has_tests_and_every_test_was_seen_red_by_a_sabotage(identifier):
    explained = explain(HOUSE, CATALOGUE, load_sabotages(HOUSE, CATALOGUE), identifier)
    assert explained.tests
    assert [test.name for test in explained.tests if not test.cases] == []
    assert explained.proof is not None
    shipped = {(name, case) for name, cases in explained.proof.tests.items() for case in cases}
    caught = {(test.name, case.name) for test in explained.tests for case in test.cases}
    assert caught == shipped
    assert all((HOUSE.root / test.suite).is_file() for test in explained.tests)


@pytest.mark.parametrize("identifier", list(CATALOGUE.controls))
def test_what_was_proven_is_what_is_shipped(identifier):
    sabotage = load_sabotages(HOUSE, CATALOGUE)[identifier]
    now = subject_of(HOUSE, CATALOGUE.roles_of[identifier], sabotage)
    again = f"changed since its proof: ringfence prove SITE --control {identifier} --record"
    assert CATALOGUE.proofs[identifier].subject == now, again


def test_a_sabotage_that_was_written_after_the_proof_is_not_said_to_have_been_seen():
    sabotages = load_sabotages(HOUSE, CATALOGUE)
    first = sabotages["CLS-01"].cases[0]
    new = first.model_copy(update={"name": "new"})
    sabotages["CLS-01"].cases.append(new)
    explained = explain(HOUSE, CATALOGUE, sabotages, "CLS-01")
    test = next(test for test in explained.tests if test.name in first.fails)
    assert test.was_seen_red_by(first)
    assert not test.was_seen_red_by(new)
    shown = next(one for one in explained.as_dict()["tests"] if one["name"] == test.name)
    assert [one["name"] for one in shown["sabotages"] if not one["seen_red"]] == ["new"]
