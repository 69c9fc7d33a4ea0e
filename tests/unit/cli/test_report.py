"""``ringfence report``: where it says that the reports are."""

import io
import json

import ringfence.cli
from ringfence.cli import progress

from ..report.conftest import sample_run


def test_the_paths_are_lines_and_a_document(tmp_path, capsys):
    sample_run().save(tmp_path)
    assert ringfence.cli.run(["report", str(tmp_path)]) == 0
    paths = {name: str(tmp_path / name) for name in ("report.html", "junit.xml")}
    assert capsys.readouterr().out.splitlines() == list(paths.values())
    assert ringfence.cli.run(["report", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"reports": paths}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_which_reports_are_written(tmp_path, monkeypatch, capsys):
    sample_run().save(tmp_path)
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    assert ringfence.cli.run(["report", str(tmp_path), "--json"]) == 0
    assert "report · 2 of 2 reports done" in terminal.getvalue()
    assert list(json.loads(capsys.readouterr().out)) == ["reports"]
