"""Whatever is done to an archive is found, and nothing else is.

Hypothesis draws sound archives, and what is done to them: to bytes, to files, to entries and to
whole folders, by somebody who may write everything there (root on the collector), with the
collector's key or without it. The anchor is kept elsewhere.
"""

import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from ringfence.archive.anchors import new_anchors
from ringfence.archive.findings import Kind, Reading
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import Demands, read_chains, verify_archive
from ringfence.errors import UsageError

from .conftest import FIRST, PROMISED, Writer, day, sound_archive

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HOSTS = ("agent1", "pbx1", "recordings1")
ARCHIVES = st.tuples(st.integers(1, 3), st.integers(1, 5), st.sampled_from([400, PROMISED, 1100]))
"""How many hosts and days, and for how many days the site asks when the archive is read."""
DAYS = st.integers(0, 2000)


class Case:
    """A sound archive in a folder of its own, with its keys and the heads that were anchored."""

    def __init__(self, folder, shape):
        self.root = Path(folder) / "logs"
        hosts, days, self.asked = shape
        self.writer = sound_archive(self.root, HOSTS[:hosts], max(days, 2))
        chains = read_chains(Folder(self.root), self.writer.keys, Reading())
        self.anchors = new_anchors([], chains, datetime.now(UTC))
        self.before = self.state()

    def state(self):
        return {
            str(path.relative_to(self.root)): path.read_bytes() if path.is_file() else None
            for path in self.root.rglob("*")
        }

    def findings(self):
        try:
            retention = dict.fromkeys(HOSTS, self.asked)
            demands = Demands(self.writer.keys, anchors=self.anchors, retention=retention)
            return verify_archive(Folder(self.root), demands).findings
        except UsageError:  # nothing is left that would be an archive
            return ["no archive"]

    def protected(self):
        """Return what the chain protects: all but the files of days that are open."""
        return sorted(path for path in self.root.rglob("*.zst") if path.stat().st_size)

    def chains(self):
        return sorted(path for path in self.root.rglob("chain.jsonl") if path.stat().st_size)


def lines(path):
    return path.read_bytes().splitlines(keepends=True)


# What may be done. Each takes a case and hypothesis's `data`, and draws where.


def change_a_byte(case, draw):
    path = draw(st.sampled_from([*case.protected(), *case.chains()]))
    text = bytearray(path.read_bytes())
    text[draw(st.integers(0, len(text) - 1))] ^= draw(st.integers(1, 255))
    path.write_bytes(text)


def insert_bytes(case, draw):
    path = draw(st.sampled_from([*case.protected(), *case.chains()]))
    text = path.read_bytes()
    place = draw(st.integers(0, len(text)))
    path.write_bytes(text[:place] + draw(st.binary(min_size=1, max_size=9)) + text[place:])


def cut_out_bytes(case, draw):
    path = draw(st.sampled_from([*case.protected(), *case.chains()]))
    text = path.read_bytes()
    first = draw(st.integers(0, len(text) - 1))
    path.write_bytes(text[:first] + text[draw(st.integers(first + 1, len(text))) :])


def truncate(case, draw):
    path = draw(st.sampled_from([*case.protected(), *case.chains()]))
    text = path.read_bytes()
    path.write_bytes(text[: draw(st.integers(0, len(text) - 1))])


def remove_a_file(case, draw):
    draw(st.sampled_from([*case.protected(), *case.chains()])).unlink()


def remove_a_folder(case, draw):
    shutil.rmtree(case.root / draw(st.sampled_from(Folder(case.root).hosts())))


def replace_a_file(case, draw):
    path = draw(st.sampled_from([*case.protected(), *case.chains()]))
    path.write_bytes(draw(st.sampled_from([*case.protected(), *case.chains()])).read_bytes())


def exchange_files(case, draw):
    one, other = (draw(st.sampled_from(case.protected())) for _ in range(2))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def rename_a_file(case, draw):
    path = draw(st.sampled_from(case.protected()))
    number, part = draw(st.integers(0, 9)), draw(st.sampled_from(["", ".1", ".2"]))
    path.rename(path.with_name(f"{day(number)}{part}.jsonl.zst"))


def add_a_file(case, draw):
    folder = case.root / draw(st.sampled_from(Folder(case.root).hosts()))
    name = draw(st.sampled_from([f"{day(1)}.7.jsonl.zst", f"{day(0)}.jsonl", "x", ".hidden"]))
    (folder / name).write_bytes(draw(st.binary(max_size=9)))


def remove_entries(case, draw):
    path = draw(st.sampled_from(case.chains()))
    kept = lines(path)
    first = draw(st.integers(0, len(kept) - 1))
    del kept[first : draw(st.integers(first + 1, len(kept)))]
    path.write_bytes(b"".join(kept))


def reorder_entries(case, draw):
    path = draw(st.sampled_from(case.chains()))
    path.write_bytes(b"".join(draw(st.permutations(lines(path)))))


def repeat_an_entry(case, draw):
    path = draw(st.sampled_from(case.chains()))
    kept = lines(path)
    kept.insert(draw(st.integers(0, len(kept))), draw(st.sampled_from(kept)))
    path.write_bytes(b"".join(kept))


def take_an_entry_of_another_host(case, draw):
    path, other = (draw(st.sampled_from(case.chains())) for _ in range(2))
    kept, foreign = lines(path), lines(other)
    number = draw(st.integers(0, min(len(kept), len(foreign)) - 1))
    kept[number] = foreign[number]
    path.write_bytes(b"".join(kept))


def change_a_field(case, draw, signer=None):
    path = draw(st.sampled_from(case.chains()))
    kept = lines(path)
    number = draw(st.integers(0, len(kept) - 1))
    content = json.loads(kept[number])
    name = draw(st.sampled_from(sorted(content)))
    value = content[name]
    others = {
        int: st.integers(0, 10**6),
        str: st.sampled_from([str(day(1)), str(day(3)), "closed", "empty", "2026-03-02T00:20:00Z"]),
        type(None): st.just("0" * 64),
    }
    content[name] = draw(others[type(value)])
    if signer is None:
        text = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    else:
        text = signer.sign(content)
    kept[number] = text + b"\n"
    path.write_bytes(b"".join(kept))


def change_a_field_with_another_key(case, draw):
    change_a_field(case, draw, Writer(case.root))


def change_a_field_with_the_collectors_key(case, draw):
    change_a_field(case, draw, case.writer)


def write_a_chain_anew(case, draw):
    """With the collector's key, complete, with other records: only the anchor knows better."""
    host = draw(st.sampled_from(Folder(case.root).hosts()))
    shutil.rmtree(case.root / host)
    again = Writer(case.root, case.writer.key)
    again.entry(host, "begun", FIRST)
    for number in range(draw(st.integers(1, 7))):
        again.close(host, day(number), again.record(host, day(number), message="nothing happened"))


def cut_off_an_end_with_its_files(case, draw):
    path = draw(st.sampled_from(case.chains()))
    kept = lines(path)
    number = draw(st.integers(1, len(kept) - 1))
    for line in kept[number:]:
        content = json.loads(line)
        if "file" in content:
            path.with_name(content["file"]).unlink()
    path.write_bytes(b"".join(kept[:number]))


def closed_entries(case, draw):
    """Draw a host and the number of an entry of a closed file that its chain still keeps."""
    host = draw(st.sampled_from(sorted(case.writer.lines)))
    entries = [json.loads(line) for line in case.writer.lines[host]]
    pruned = {entry["prunes"] for entry in entries if entry["kind"] == "pruned"}
    closed = [one for one in entries if one["kind"] == "closed" and one["number"] not in pruned]
    return host, draw(st.sampled_from(closed))


def remove_a_file_before_its_time(case, draw):
    """As the collector itself does it, signed with its key, had somebody shortened the time."""
    host, entry = closed_entries(case, draw)
    promised = entry.get("retention_days", case.asked)
    case.writer.prune(host, entry["number"], draw(st.integers(1, promised)), draw(DAYS))


def promise_fewer_days(case, draw):
    """With the collector's key, in an entry that is anchored; then the file goes by it."""
    host, entry = closed_entries(case, draw)
    promised = draw(st.integers(0, PROMISED - 1))
    number = entry["number"]
    case.writer.lines[host][number] = case.writer.sign(entry | {"retention_days": promised})
    case.writer.prune(host, number, draw(st.integers(promised + 1, PROMISED)), promised)


DEEDS = [
    *(remove_a_file_before_its_time, promise_fewer_days),
    *(change_a_byte, insert_bytes, cut_out_bytes, truncate, remove_a_file, remove_a_folder),
    *(replace_a_file, exchange_files, rename_a_file, add_a_file, remove_entries, reorder_entries),
    *(repeat_an_entry, take_an_entry_of_another_host, change_a_field),
    *(change_a_field_with_another_key, change_a_field_with_the_collectors_key),
    *(write_a_chain_anew, cut_off_an_end_with_its_files),
]


@QUICK
@given(ARCHIVES)
def test_a_sound_archive_never_raises_an_alarm(shape):
    with tempfile.TemporaryDirectory() as folder:
        assert Case(folder, shape).findings() == []


@QUICK
@given(ARCHIVES, st.integers(1, 400), st.data())
def test_a_file_that_went_after_its_time_raises_no_alarm(shape, later, data):
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder, shape)
        host, entry = closed_entries(case, data.draw)
        due = entry.get("retention_days", case.asked)
        case.writer.prune(host, entry["number"], due + later, data.draw(st.integers(0, due)))
        early = [one for one in case.findings() if one.kind is not Kind.GAP]
        assert early == []


@settings(QUICK, max_examples=250)
@given(ARCHIVES, st.sampled_from(DEEDS), st.data())
def test_whatever_is_done_to_an_archive_is_found(shape, deed, data):
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder, shape)
        deed(case, data.draw)
        assume(case.state() != case.before)
        assert case.findings()


@QUICK
@given(ARCHIVES, st.lists(st.sampled_from(DEEDS), min_size=2, max_size=4), st.data())
def test_several_deeds_do_not_hide_each_other(shape, deeds, data):
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder, shape)
        for deed in deeds:
            try:
                deed(case, data.draw)
            except (ValueError, KeyError, OSError, UsageError, InvalidArgument):
                assume(False)  # the deed before left nothing that this one could be done to
        assume(case.state() != case.before)
        assert case.findings()
