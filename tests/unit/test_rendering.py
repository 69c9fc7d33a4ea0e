from pathlib import Path

import pytest

from ringfence.errors import ToolError
from ringfence.rendering import render, written_by


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "ssh"
    folder.mkdir()
    return folder


def test_a_template_is_filled_and_keeps_its_last_newline(templates: Path) -> None:
    (templates / "a.conf.j2").write_text("# {{ written_by }}\nPort {{ port }}\n")
    assert render(templates, "a.conf", port=22) == f"# {written_by('ssh')}\nPort 22\n"


def test_the_head_names_the_role_and_no_date() -> None:
    assert written_by("ssh") == (
        "Written by Ringfence (role ssh). Changes here are replaced at the next apply."
    )


def test_a_block_leaves_no_empty_line(templates: Path) -> None:
    (templates / "a.j2").write_text("{% for x in xs %}\n  {{ x }}\n{% endfor %}\nend\n")
    assert render(templates, "a", xs=[1, 2]) == "  1\n  2\nend\n"


def test_a_missing_value_is_named(templates: Path) -> None:
    (templates / "a.j2").write_text("{{ port }}")
    with pytest.raises(ToolError, match=r"ssh/a\.j2 lacks a value: 'port' is undefined"):
        render(templates, "a")


def test_a_missing_template_is_named(templates: Path) -> None:
    with pytest.raises(ToolError, match=r"ssh/a\.j2 is missing"):
        render(templates, "a")


def test_a_broken_template_is_named_with_its_line(templates: Path) -> None:
    (templates / "a.j2").write_text("one\n{% if %}\n")
    with pytest.raises(ToolError, match=r"ssh/a\.j2 is broken in line 2"):
        render(templates, "a")
