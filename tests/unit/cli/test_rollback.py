import json
from types import SimpleNamespace

import pytest

import ringfence.cli
from ringfence.cli import rollback
from ringfence.deployment import Deployment, HostOutcome
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


def document(capsys, site, *arguments):
    """Return the exit code and the one document that is all of standard output."""
    capsys.readouterr()
    code = ringfence.cli.run(["rollback", str(site), "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_states_are_a_document_too(site, capsys, monkeypatch):
    known = [Kept(R1, "T1", None, "ana@a"), Kept(R2, "T2", 7, "eva@b")]
    monkeypatch.setattr(rollback, "kept_states", lambda *_: {"h": known, "j": "unreachable: x"})
    assert document(capsys, site) == (
        1,
        {
            "hosts": {
                "h": {
                    "runs": [
                        {"run": R2, "at": "T2", "changes": 7, "owner": "eva@b"},
                        {"run": R1, "at": "T1", "changes": None, "owner": "ana@a"},
                    ]
                },
                "j": {"trouble": "unreachable: x"},
            }
        },
    )


@pytest.fixture
def going_back(monkeypatch):
    """A rollback that puts a file back, and a verification after it that is green."""

    def roll_back(_site, _hosts, _target, _is_known, _folder, _say, dry):
        return Deployment(dry, {"pbx1": HostOutcome(changed=["/etc/motd (content)"])})

    monkeypatch.setattr(rollback, "roll_back", roll_back)
    monkeypatch.setattr(rollback, "verify_and_keep", lambda *_, **__: (SimpleNamespace(), None))
    monkeypatch.setattr(rollback, "of_run", lambda *_: {"run": "r"})
    monkeypatch.setattr(rollback, "exit_code", lambda _: 0)


@pytest.mark.parametrize(
    ("options", "code", "dry", "parts"),
    [
        (["--dry-run"], 2, True, ["rollback"]),
        (["--no-verify"], 0, False, ["rollback"]),
        ([], 0, False, ["rollback", "verify"]),
    ],
)
def test_an_outcome_is_one_document(site, capsys, going_back, options, code, dry, parts):
    ended, said = document(capsys, site, "--to", R1, *options)
    assert (ended, list(said)) == (code, parts)
    assert (said["rollback"]["dry"], said["rollback"]["changes"]) == (dry, 1)
    assert said["rollback"]["hosts"]["pbx1"]["changed"] == ["/etc/motd (content)"]
