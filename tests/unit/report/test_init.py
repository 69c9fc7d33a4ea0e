import os
import subprocess
import sys
import tracemalloc

import pytest

from ringfence.errors import ToolError
from ringfence.report import write_reports
from ringfence.report.html import html_page
from ringfence.report.junit import junit_xml
from ringfence.verify.results import Results
from ringfence.verify.runs import Run

from .conftest import judged, sample_run, seen

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


def test_what_is_written_is_told_report_by_report(run, tmp_path):
    heard = []
    write_reports(run, tmp_path, lambda *step: heard.append(step))
    page = [step for name, *step in heard if name == "report.html"]
    units = [step for name, *step in heard if name == "junit.xml"]
    assert page[0] == ["SSH-01", 0.0]
    assert units[0] == ["bastion1", 0.0]
    for steps in (page, units):
        assert [share for _, share in steps] == sorted(share for _, share in steps)
        assert steps[-1] == ["written", 1.0]


def peak_of_reports(hosts, folder):
    """Return the most memory that making the reports of so many hosts took."""
    folder.mkdir()
    tests = [
        judged(f"pbx{host}", "SSH-01", f"test_{number}", seen("x", "1", "x" * 20_000))
        for host in range(hosts)
        for number in range(3)
    ]
    sample_run(Results(tests)).save(folder)
    tracemalloc.start()
    write_reports(Run.load(folder), folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_the_reports_of_many_hosts_take_little_more_memory_than_those_of_few(tmp_path):
    few, many = (peak_of_reports(hosts, tmp_path / str(hosts)) for hosts in (4, 60))
    pages = [(tmp_path / n / "report.html").stat().st_size for n in ("4", "60")]
    assert many - few < (pages[1] - pages[0]) / 8
