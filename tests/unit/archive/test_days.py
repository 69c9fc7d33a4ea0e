import io
from datetime import date

import pytest

from ringfence.archive.chain import Chain
from ringfence.archive.days import day_file, day_files, rest_of, rest_of_a_run, that_count

from .conftest import FIRST, Writer

OPEN = f"{FIRST}.jsonl"


@pytest.fixture
def writer(tmp_path):
    made = Writer(tmp_path)
    made.entry("pbx1", "begun", FIRST)
    return made


def counting(writer, chain=True):
    """The files that count, with whether each may be the source of another."""
    folder = writer.root / "pbx1"
    files = day_files("pbx1", {path.name: path.stat().st_size for path in folder.iterdir()})
    text = (folder / "chain.jsonl").read_bytes()
    found = that_count(files, Chain("pbx1", text, {}) if chain else None)
    return {file.name: file for file in found}


@pytest.mark.parametrize(
    ("name", "part", "is_open"),
    [
        ("2026-03-01.jsonl", -1, True),
        ("2026-03-01.jsonl.zst", -1, False),
        ("2026-03-01.0.jsonl.zst", 0, False),
        ("2026-03-01.12.jsonl.zst", 12, False),
    ],
)
def test_names_of_days(name, part, is_open):
    file = day_file("pbx1", name, 7)
    assert (file.day, file.part, file.is_open, file.size) == (date(2026, 3, 1), part, is_open, 7)


@pytest.mark.parametrize(
    "name",
    [
        *("chain.jsonl", "2026-02-30.jsonl", "2026-03-01.jsonl.gz", "2026-03-01.1.jsonl"),
        *("2026-03-01.01.jsonl.zst", ".2026-03-01.jsonl.closed", "2026-03-01.jsonl.zst\n"),
    ],
)
def test_names_of_other_files(name):
    assert day_file("pbx1", name, 7) is None


def test_what_a_run_leaves_is_known_by_its_name():
    assert rest_of_a_run(".2026-03-01.jsonl.zst.part")
    assert rest_of_a_run(".2026-03-01.1.jsonl.closed")
    assert not rest_of_a_run("2026-03-01.jsonl")


def test_the_open_file_is_the_last_of_its_day():
    names = ["2026-03-01.jsonl", "2026-03-01.1.jsonl.zst", "2026-03-01.jsonl.zst"]
    names += ["2026-03-01.10.jsonl.zst", "2026-02-28.jsonl", "2026-03-01.0.jsonl.zst"]
    found = day_files("pbx1", {**dict.fromkeys(names, 1), "2026-03-02.jsonl": None})
    assert [file.name for file in found] == [
        *("2026-02-28.jsonl", "2026-03-01.jsonl.zst", "2026-03-01.0.jsonl.zst"),
        *("2026-03-01.1.jsonl.zst", "2026-03-01.10.jsonl.zst", "2026-03-01.jsonl"),
    ]


def test_a_closed_file_without_an_entry_counts_only_where_its_source_is_gone(writer):
    folder = writer.root / "pbx1"
    (folder / f"{OPEN}.zst").write_bytes(b"made, and not signed")
    assert list(counting(writer)) == [f"{OPEN}.zst"]
    (folder / OPEN).write_bytes(writer.record("pbx1", FIRST))
    assert list(counting(writer)) == [OPEN]
    assert list(counting(writer, chain=False)) == [f"{OPEN}.zst", OPEN]


@pytest.mark.parametrize(("more", "rest"), [(b"", b""), (b"more\n", b"more\n")])
def test_of_the_source_of_a_closed_file_the_rest_counts(writer, more, rest):
    content = writer.record("pbx1", FIRST) + writer.record("pbx1", FIRST)
    writer.close("pbx1", FIRST, content)
    (writer.root / "pbx1" / OPEN).write_bytes(content + more)
    found = counting(writer)
    assert list(found) == [f"{OPEN}.zst", OPEN]
    stream, is_source = rest_of(found[OPEN], io.BytesIO(content + more))
    assert (stream.read(), is_source) == (rest, True)


@pytest.mark.parametrize("size", ["shorter", "longer"])
def test_of_what_came_late_all_counts(writer, size):
    content = writer.record("pbx1", FIRST) + writer.record("pbx1", FIRST)
    late = writer.record("pbx1", FIRST) * (1 if size == "shorter" else 3)
    writer.close("pbx1", FIRST, content)
    (writer.root / "pbx1" / OPEN).write_bytes(late)
    file = counting(writer)[OPEN]
    stream, is_source = rest_of(file, io.BytesIO(late))
    assert is_source is False
    assert b"".join(iter(lambda: stream.read(100), b"")) == late


def test_the_source_of_a_part_is_compared_with_that_part(writer):
    first, second = writer.record("pbx1", FIRST), writer.record("pbx1", FIRST)
    writer.close("pbx1", FIRST, first)
    writer.close("pbx1", FIRST, second, ".1")
    (writer.root / "pbx1" / OPEN).write_bytes(second)
    stream, is_source = rest_of(counting(writer)[OPEN], io.BytesIO(second))
    assert (stream.read(), is_source) == (b"", True)
