import os
import subprocess
import sys

import pytest

from ringfence.errors import ToolError
from ringfence.report import write_reports
from ringfence.report.html import html_page
from ringfence.report.junit import junit_xml

AGAIN = """
import sys
from pathlib import Path
from ringfence.report import write_reports
from ringfence.verify.runs import Run
folder = Path(sys.argv[1])
write_reports(Run.load(folder), folder)
"""


def test_write_reports_writes_the_page_and_the_junit_file(run, tmp_path):
    write_reports(run, tmp_path)

    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html_page(run)
    assert (tmp_path / "junit.xml").read_text(encoding="utf-8") == junit_xml(run)


@pytest.mark.parametrize("name", ["run", "hostile_run"])
def test_the_same_run_gives_the_same_bytes_elsewhere_and_later(request, name, tmp_path):
    run = request.getfixturevalue(name)
    run.save(tmp_path)
    write_reports(run, tmp_path)
    first = [(tmp_path / name).read_bytes() for name in ("report.html", "junit.xml")]
    elsewhere = {
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "PATH": os.environ["PATH"],
    }

    subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path)], env=elsewhere, check=True, cwd=tmp_path
    )

    again = [(tmp_path / name).read_bytes() for name in ("report.html", "junit.xml")]
    assert again == first


def test_a_folder_that_cannot_be_written_is_one_sentence(run, tmp_path):
    with pytest.raises(ToolError, match=r"report\.html: cannot be written \(No such file"):
        write_reports(run, tmp_path / "missing")
