import importlib
import json
from dataclasses import replace

import pytest

from ringfence.catalogue import Catalogue, load_catalogue
from ringfence.cli import run


def test_a_control_is_explained_from_reason_to_proof(capsys):
    assert run(["explain", "ssh-01"]) == 0
    shown = capsys.readouterr().out
    parts = [
        "SSH-01  ",
        "Where",
        "Why",
        "How it is met: role ssh",
        "How it is verified",
        "Seen red",
    ]
    places = [shown.index(part) for part in [*parts, "Asked for by", "PCI DSS 4.0.1: "]]
    assert places == sorted(places)
    assert "\x1b" not in shown
    assert all(line == line.rstrip() and len(line) <= 100 for line in shown.splitlines())


def test_without_a_name_every_control_has_a_line(capsys):
    assert run(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert run(["explain", "--json"]) == 0
    assert [line.split()[0] for line in lines] == [
        control["id"] for control in json.loads(capsys.readouterr().out)
    ]


def test_json_names_each_test_with_what_it_caught(capsys):
    assert run(["explain", "CLS-01", "IAM-05", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["role"], second["role"]) == ("identity", "passwords")
    assert all(test["sabotages"] for test in first["tests"] + second["tests"])
    assert first["proof"]["releases"] == ["12", "13"]


@pytest.mark.parametrize(
    ("releases", "says"),
    [
        (["12"], "The hosts ran Debian 12."),
        (
            ["12", "13"],
            "The hosts ran Debian 12 or 13; which test was seen on which of them is not on record.",
        ),
    ],
)
def test_of_a_proof_no_more_is_claimed_than_is_on_record(capsys, monkeypatch, releases, says):
    def loaded(house):
        found = load_catalogue(house)
        proof = replace(found.proofs["SSH-01"], releases=releases, date="2026-11-27")
        return Catalogue(found.controls, found.roles_of, {**found.proofs, "SSH-01": proof})

    monkeypatch.setattr(importlib.import_module("ringfence.cli.explain"), "load_catalogue", loaded)
    assert run(["explain", "SSH-01"]) == 0
    shown = " ".join(capsys.readouterr().out.partition("Seen red")[2].split())
    assert shown.startswith(
        "On 2026-11-27 each test failed for its reason on a host broken as named above, and passed "
        f"when the role was applied again. {says} Asked for by"
    )


def test_an_unknown_control_is_4_and_names_the_nearest(capsys):
    assert run(["explain", "SHH-01"]) == 4
    assert "did you mean 'SSH-01'?" in capsys.readouterr().err
