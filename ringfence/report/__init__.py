"""Reports: pure functions of a run, so that each can be made again from it, byte for byte."""

from pathlib import Path

from ringfence.report.html import html_page
from ringfence.report.junit import junit_xml
from ringfence.verify.runs import Run

REPORTS = {"report.html": html_page, "junit.xml": junit_xml}


def write_reports(run: Run, folder: Path) -> list[Path]:
    """Write every report of ``run`` into ``folder`` and return their paths."""
    paths = []
    for name, make in REPORTS.items():
        path = folder / name
        path.write_text(make(run), encoding="utf-8")
        path.chmod(0o600)
        paths.append(path)
    return paths
