from pathlib import Path

import pytest

from ringfence.cli import run


def test_a_sample_is_written_and_what_to_do_next_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "my-site"
    assert run(["init", str(site)]) == 0
    printed = capsys.readouterr().out
    assert f"wrote {site}/hosts.yml" in printed
    assert f"ringfence check {site}" in printed
    assert run(["check", str(site)]) == 0


def test_a_folder_with_something_in_it_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").touch()
    assert run(["init", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"ringfence: {tmp_path} is not empty; name a new folder\n"


def test_the_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--help"]) == 0
    assert "Example: ringfence init my-site" in capsys.readouterr().out
