"""Rows as a table, CSV and JSON Lines: whatever is in the names of files."""

import csv
import io
import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.access_record import Access
from ringfence.report.accesses import COLUMNS, FORMATS, as_csv, as_json_lines, as_table

WHEN = datetime(2026, 3, 1, 8, 30, 0, 123000, UTC)


def access(**change):
    values = {
        "at": WHEN, "host": "recordings1", "person": "ana", "uid": 1201, "acting": "ana",
        "session": "7", "path": "/srv/a.wav", "target": "", "kind": "read", "result": "allowed",
        "error": "", "program": "/usr/bin/cat", "pid": "811", "terminal": "pts0",
        "event": "1772353800.123:9", "notes": (),
    }  # fmt: skip
    return Access(**(values | change))


any_name = st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def test_the_table_has_what_the_law_asks_for():
    row = "2026-03-01T08:30:00.123Z  recordings1     ana                 read        allowed         /srv/a.wav"  # noqa: E501
    assert list(as_table([access()]))[1] == row


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({"acting": "root"}, "ana as root"),
        ({"person": "", "uid": None, "acting": "root"}, "(nobody) as root"),
        ({"result": "failed", "error": "ENOENT"}, "failed ENOENT"),
        ({"target": "/srv/b.wav"}, "/srv/a.wav -> /srv/b.wav"),
        ({"notes": ("one", "two")}, "/srv/a.wav  (one; two)"),
        ({"path": "/srv/\x1b[2J\n\u202egpj"}, "/srv/\\x1b[2J\\n\\u202egpj"),
        ({"path": "/srv/two  spaces"}, "/srv/two  spaces"),
    ],
)
def test_cells_of_the_table(change, cell):
    assert cell in list(as_table([access(**change)]))[1]


@given(any_name, any_name, st.sampled_from(list(FORMATS)))
def test_no_name_acts_on_a_terminal(path, target, form):
    lines = list(FORMATS[form]([access(path=path, target=target, person=path)]))
    assert len(lines) == (1 if form == "jsonl" else 2)
    for line in lines:
        line.encode()
        assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in line)
        assert not set(line) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068")


@given(any_name)
def test_no_cell_of_csv_is_a_formula(path):
    (head, row) = csv.reader(io.StringIO("\n".join(as_csv([access(path=path, program=path)]))))
    assert head == list(COLUMNS)
    assert len(row) == len(COLUMNS)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@given(any_name, any_name)
def test_json_lines_have_every_name_as_it_is(path, target):
    (line,) = as_json_lines([access(path=path, target=target)])
    assert line.isascii()
    row = json.loads(line)
    assert list(row)[: len(COLUMNS)] == list(COLUMNS)
    for name, text in (("path", path), ("target", target)):
        kept = bytes.fromhex(row[f"{name}_hex"]) if f"{name}_hex" in row else row[name].encode()
        assert kept == text.encode("utf-8", "surrogateescape")


def test_json_lines_have_times_in_utc_and_lists_of_notes():
    (line,) = as_json_lines([access(notes=("one",), uid=None)])
    row = json.loads(line)
    assert (row["time"], row["uid"], row["notes"]) == ("2026-03-01T08:30:00.123Z", None, ["one"])


def test_rows_are_given_out_as_they_come():
    def accesses():
        yield access()
        raise AssertionError("the second was asked for before the first was taken")

    for form, before in (("table", 1), ("csv", 1), ("jsonl", 0)):
        lines = FORMATS[form](accesses())
        assert [next(lines) for _ in range(before + 1)]
