"""What a run says, for each kind of reader; each report is a pure function of the run."""

from functools import partial
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.report.html import html_parts
from ringfence.report.junit import junit_parts
from ringfence.steps import Say, nobody
from ringfence.verify.runs import Run

REPORTS = {"report.html": html_parts, "junit.xml": junit_parts}


def write_reports(run: Run, folder: Path, say: Say = nobody) -> list[Path]:
    """Write every report of ``run`` into ``folder``, readable by its owner, and return the paths.

    Args:
        run: the run.
        folder: its folder.
        say: told, by a report's name, what is being written and how much of the report is.

    Raises:
        ToolError: a file can't be written.
    """
    paths = []
    for name, make in REPORTS.items():
        path = folder / name
        try:
            path.touch(mode=0o600)
            with path.open("w", encoding="utf-8", newline="\n") as file:
                # Whole, the page of many hosts would fill the memory.
                file.writelines(make(run, partial(say, name)))
        except OSError as error:
            raise ToolError(f"{path}: cannot be written ({error.strerror})") from None
        say(name, "written", 1.0)
        paths.append(path)
    return paths


__all__ = ["REPORTS", "write_reports"]
