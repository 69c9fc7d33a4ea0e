import json
from pathlib import Path

import pytest

from ringfence.cli import run

EXAMPLE = str(Path(__file__).parents[3] / "inventories" / "example")


def test_the_matrix_is_plain_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flows", EXAMPLE]) == 0
    shown = capsys.readouterr().out
    assert "agents" in shown
    assert "5061/tcp" in shown
    assert "\x1b" not in shown


def test_an_open_path_ends_with_0_and_a_closed_one_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["flows", EXAMPLE, "agent1", "pbx1", "5061"]) == 0
    assert "allowed by flows[" in capsys.readouterr().out
    assert run(["flows", EXAMPLE, "agent1", "database", "5432"]) == 1
    assert "dropped" in capsys.readouterr().out
    assert run(["flows", EXAMPLE, "agents", "pbx1", "15000/udp"]) == 0
    capsys.readouterr()
    assert run(["flows", EXAMPLE, "all", "pbx", "5061"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert any("allowed by flows[" in line for line in told)
    assert any("dropped: no flow allows it" in line for line in told)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("agnt1", "pbx1", "5061"), "did you mean 'agent1'"),
        (("agent1", "pbx1", "sip"), "is no port"),
        (("agent1", "pbx1", "0"), "is no port"),
        (("agent1", "pbx1", "5061/sctp"), "is no port"),
        (("agent1", "pbx1"), "name a source, a destination and a port"),
    ],
)
def test_wrong_words_are_one_sentence_and_4(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["flows", EXAMPLE, *words]) == 4
    assert sentence in capsys.readouterr().err


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flows", EXAMPLE, "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert {"source", "destination", "port", "protocol", "purpose", "origin"} == set(lines[0])
    assert run(["flows", EXAMPLE, "agent1", "database", "5432", "--json"]) == 1
    [path] = json.loads(capsys.readouterr().out)
    assert path["allowed"] is False


def test_the_picture_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "flows.svg"
    assert run(["flows", EXAMPLE, "--svg", str(target)]) == 0
    assert target.read_text().startswith("<svg ")
    assert run(["flows", EXAMPLE, "--svg", str(tmp_path / "none" / "flows.svg")]) == 4
