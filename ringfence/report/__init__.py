"""What a run says, for each kind of reader; each report is a pure function of the run."""

from pathlib import Path

from ringfence.errors import ToolError
from ringfence.report.html import html_page
from ringfence.report.junit import junit_xml
from ringfence.verify.runs import Run

HTML_NAME = "report.html"
JUNIT_NAME = "junit.xml"


def write_reports(run: Run, folder: Path) -> None:
    """Write every report of ``run`` into ``folder``: ``report.html`` and ``junit.xml``.

    Raises:
        ToolError: a file can't be written.
    """
    for name, text in ((HTML_NAME, html_page(run)), (JUNIT_NAME, junit_xml(run))):
        try:
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise ToolError(f"{folder / name}: cannot be written ({error.strerror})") from None


__all__ = ["write_reports"]
