import pytest

import ringfence.cli
from ringfence.cli import rollback
from ringfence.guard.states import Kept

R1, R2 = "20261121T000000Z-000001", "20261122T000000Z-000002"


@pytest.fixture
def site(tmp_path, monkeypatch):
    path = tmp_path / "site"
    assert ringfence.cli.run(["init", str(path)]) == 0
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", R1, "--before", R2], "exclude each other"),
        (["--to", "yesterday"], "'yesterday' is no run's id"),
        (["--to", "../.."], "is no run's id"),
        (["--before", ""], "is no run's id"),
        (["--to", R1, "--limit", "nobody9"], "nobody9"),
    ],
)
def test_a_wrong_choice_is_4_and_leaves_no_run(site, capsys, arguments, sentence):
    capsys.readouterr()
    assert ringfence.cli.run(["rollback", str(site), *arguments]) == 4
    assert sentence in capsys.readouterr().err
    assert list(site.glob("runs/*")) == []


def test_states_are_listed_the_newest_first(site, capsys, monkeypatch):
    known = [Kept("r0", "T", None, "ana@a"), Kept(R1, "T", 1, "ana@a"), Kept(R2, "T", 7, "eva@b")]
    monkeypatch.setattr(
        rollback, "kept_states", lambda *_: {"h": known, "i": [], "j": "unreachable: x"}
    )
    capsys.readouterr()
    assert ringfence.cli.run(["rollback", str(site)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "h:",
        f"  {R2}  eva@b: 7 changes of files and services",
        f"  {R1}  ana@a: 1 change of files and services",
        "  r0  ana@a: can't be undone any more",
        "i:",
        "  no run has changed it since it keeps former states",
        "j: unreachable: x",
    ]
