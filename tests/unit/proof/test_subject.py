import pytest

from ringfence.proof import subject
from ringfence.proof.sabotages import Case, Kind, Sabotage
from ringfence.site.house import House

SUITE = """
from ringfence.verify import control
from ringfence.verify.probes import near

# said of it
@control("TOY-01")
def test_a(host):
    assert near.read(host)

@control("TOY-02")
def test_b(host):
    assert near.other(host)

def helper(): ...
"""


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house with one suite, and probes of which one imports another that has a script."""
    found = House(tmp_path / "house")
    found.baseline_dir.mkdir(parents=True)
    (found.baseline_dir / "test_toy.py").write_text(SUITE)
    (tmp_path / "near.py").write_text("from ringfence.verify.probes.far import FAR\n")
    (tmp_path / "far.py").write_text("FAR = 1\n")
    (tmp_path / "far.pl").write_text("print 1;\n")
    (tmp_path / "apart.py").write_text("APART = 1\n")
    monkeypatch.setattr(subject, "PROBES_DIR", tmp_path)
    return found


def sabotage(run="true"):
    case = Case(name="a", kind=Kind.ADD, does="x", run=run, fails=["test_a"], because="x")
    return Sabotage(control="TOY-01", cases=[case])


def digest(house, run="true"):
    return subject.subject_of(house, ["toy"], sabotage(run))


def test_a_proof_is_of_the_sabotages(house):
    assert digest(house) == digest(house) != digest(house, run="false")


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("assert near.read(host)", "assert True", True),
        ("def helper(): ...", "def helper(): return 1", True),
        ('@control("TOY-01")', '@control("TOY-01")\n@once', True),
        ("assert near.other(host)", "assert True", False),
        ("# said of it", "# said otherwise", False),
        ("\ndef helper", "\n\n\ndef helper", False),
    ],
)
def test_a_proof_is_of_the_tests_and_not_of_other_controls_tests_or_comments(
    house, old, new, counts
):
    before = digest(house)
    path = house.baseline_dir / "test_toy.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert (digest(house) != before) is counts


@pytest.mark.parametrize(
    ("name", "counts"), [("near.py", True), ("far.py", True), ("far.pl", True), ("apart.py", False)]
)
def test_a_proof_is_of_the_probes_that_the_tests_use(house, tmp_path, name, counts):
    before = digest(house)
    with (tmp_path / name).open("a") as file:
        file.write("print(2)\n")
    assert (digest(house) != before) is counts
