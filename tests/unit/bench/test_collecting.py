import json
import subprocess

import pytest
from bench import collecting

EACH = 3
ALL = EACH * len(collecting.SENDERS)


def line(name, number, program="crowded"):
    entry = {"received": "x", "host": name, "sequence": number, "facility": "user"}
    return json.dumps(entry | {"program": program}, separators=(",", ":")) + "\n"


@pytest.fixture
def archive(tmp_path):
    """An archive of what fifty senders said: three entries each, beside others' records."""
    for name in collecting.SENDERS:
        (tmp_path / name).mkdir()
        entries = [line(name, number) for number in range(1, EACH + 1)]
        (tmp_path / name / "2026-11-30.jsonl").write_text("".join([line(name, 4, "x"), *entries]))
    return tmp_path


def compare(archive, acknowledged=ALL):
    names = " ".join(collecting.SENDERS)
    script = collecting.COUNT.format(archive=archive, names=names, who="crowded", each=EACH)
    counted = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    collecting.compare(counted.stdout, EACH, acknowledged)


def test_an_archive_that_has_each_entry_once_is_well(archive):
    day = archive / "load7/2026-11-30.jsonl"
    subprocess.run(["zstd", "-q", "--rm", day], check=True)  # a day that ended meanwhile
    later = archive / "load7/2026-12-01.jsonl"
    later.touch()
    compare(archive)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([1, 2], r"149 archived.*\{'load7': \(2, 2\)\}"),
        ([1, 2, 2], r"150 archived.*\{'load7': \(3, 2\)\}"),
        ([1, 2, 3, 3], r"151 archived.*\{'load7': \(4, 3\)\}"),
        ([1, 2, 4], r"150 archived.*\{'load7': \(3, 2\)\}"),
    ],
)
def test_an_entry_that_is_lost_twice_or_of_no_sender_fails_the_bench(archive, numbers, told):
    text = "".join(line("load7", number) for number in numbers)
    (archive / "load7/2026-11-30.jsonl").write_text(text)
    with pytest.raises(RuntimeError, match=told):
        compare(archive)


def test_counts_that_differ_from_the_generators_fail_the_bench(archive):
    with pytest.raises(RuntimeError, match="149 entries acknowledged, 150 archived"):
        compare(archive, 149)
