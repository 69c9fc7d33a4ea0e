import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ringfence.access_record import Answer, Question
from ringfence.archive.keys import load_keys
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import Demands, verify_archive

from .conftest import day, flags, free, record

KILLER = """\
import os, runpy, signal, sys
least, script, seen = int(sys.argv[1]), sys.argv[2], 0
def trace(frame, event, argument):
    global seen
    ours = frame.f_code.co_filename.startswith(os.path.dirname(script))
    if not ours or frame.f_code.co_name in ("<module>", *QUIET):
        return None
    if event == "line":
        seen += 1
        if seen == least:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace
sys.argv = sys.argv[2:]
sys.settrace(trace)
try:
    runpy.run_path(script, run_name="__main__")
finally:
    print(seen)
"""
QUIET = ("<genexpr>", "day_of", "digest", "digest_file", "canonical", "parsed", "names", "flags_of")
"""What changes nothing; a kill there is one between the lines around it."""


STRIDE = int(os.environ.get("RINGFENCE_KILL_EVERY", "61"))
"""Every so many lines the job is killed. With 1 it takes minutes, and is killed before each."""


def content_of(path):
    return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout


def whole(collector, host):
    """Return the records of all closed files in the chain's order, each file as its entry says."""
    content = b""
    entries = collector.chain(host)
    pruned = {entry["prunes"] for entry in entries if entry["kind"] == "pruned"}
    for entry in entries:
        if entry["kind"] == "closed" and entry["number"] not in pruned:
            path = collector.archive / host / entry["file"]
            data = path.read_bytes()
            assert (entry["size"], entry["sha256"]) == (
                len(data),
                hashlib.sha256(data).hexdigest(),
            )
            assert flags(path) == "i"
            content += content_of(path)
    assert flags(collector.archive / host / "chain.jsonl") == "a"
    return content


def test_days_that_are_over_are_closed_in_order(collector):
    for ago in (3, 2, 1, 0):
        collector.write("pbx1", ago)
    before = b"".join(
        (collector.archive / "pbx1" / f"{day(ago)}.jsonl").read_bytes() for ago in (3, 2, 1)
    )
    collector.close()
    entries = collector.chain("pbx1")
    assert [(e["kind"], e["day"], e.get("records")) for e in entries] == [
        ("begun", day(3), None),
        *(("closed", day(ago), 3) for ago in (3, 2, 1)),
    ]
    assert whole(collector, "pbx1") == before
    assert flags(collector.archive / "pbx1" / f"{day(0)}.jsonl") == "a"
    names = [f"{day(ago)}.jsonl.zst" for ago in (3, 2, 1)]
    assert collector.names("pbx1") == sorted([*names, f"{day(0)}.jsonl", "chain.jsonl"])


def test_a_second_run_finds_nothing_to_do(collector):
    collector.write("pbx1", 1)
    assert collector.run("check").returncode == 1
    collector.close()
    text = (collector.archive / "pbx1" / "chain.jsonl").read_bytes()
    assert collector.run("check").returncode == 0
    collector.close()
    assert (collector.archive / "pbx1" / "chain.jsonl").read_bytes() == text


def test_entries_are_chained_and_signed(collector, tmp_path):
    for ago in (2, 1):
        collector.write("pbx1", ago)
    collector.close()
    before = None
    for line in (collector.archive / "pbx1" / "chain.jsonl").read_bytes().splitlines():
        entry = json.loads(line)
        assert entry["previous"] == before
        before = hashlib.sha256(line).hexdigest()
        (tmp_path / "signature").write_bytes(bytes.fromhex(entry.pop("signature")))
        body = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        (tmp_path / "message").write_text(body)
        words = ["-pubin", "-inkey", tmp_path / "archive.pem", "-sigfile", tmp_path / "signature"]
        subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", "-in", tmp_path / "message", *words],
            check=True,
            capture_output=True,
        )


def test_the_key_is_roots_alone(collector):
    collector.close()
    key = collector.root / "state/signing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"PUBLIC" in (collector.root / "archive.pem").read_bytes()


def test_a_key_that_somebody_opened_is_closed_again(collector):
    collector.close()
    key = collector.root / "state/signing.key"
    key.chmod(0o644)
    assert collector.run("check").returncode == 1
    collector.close()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_shares_no_code_finds_what_the_job_wrote_sound(collector):
    for host in ("agent1", "pbx1"):
        collector.sequence = 0
        for ago in (12, 5, 3, 1, 0):
            collector.write(host, ago)
    collector.configure(others=10)
    collector.close()
    collector.write("pbx1", 3, records=1)
    collector.close()
    reading = verify_archive(
        Folder(collector.archive),
        Demands(
            load_keys(collector.root / "archive.pem"),
            hosts=("pbx1",),
            now=datetime.now(UTC),
            retention={"agent1": 10, "pbx1": 10},
        ),
    )
    assert reading.findings == []
    assert [(one.pruned, one.records) for one in reading.hosts] == [(1, 12), (1, 13)]


def test_a_lost_key_is_not_replaced(collector):
    collector.write("pbx1", 1)
    collector.close()
    (collector.root / "state/signing.key").unlink()
    done = collector.run()
    assert done.returncode == 1
    assert "signing.key is gone" in done.stderr


def test_days_without_a_record_have_an_entry_too(collector):
    collector.write("pbx1", 4)
    collector.write("pbx1", 2)
    collector.close()
    assert [(e["kind"], e["day"]) for e in collector.chain("pbx1")[1:]] == [
        ("closed", day(4)),
        ("empty", day(3)),
        ("closed", day(2)),
        ("empty", day(1)),
    ]


def test_records_that_come_late_are_closed_as_a_part(collector):
    collector.write("pbx1", 2)
    collector.close()
    collector.write("pbx1", 2, records=1)
    collector.close()
    collector.write("pbx1", 1, records=2)
    collector.close()
    found = [(e["file"], e["records"]) for e in collector.chain("pbx1") if e["kind"] == "closed"]
    assert found == [
        (f"{day(2)}.jsonl.zst", 3),
        (f"{day(2)}.1.jsonl.zst", 1),
        (f"{day(1)}.0.jsonl.zst", 2),
    ]
    assert len(whole(collector, "pbx1").splitlines()) == 6


def test_a_file_that_is_still_written_to_waits(collector):
    collector.write("pbx1", 2)
    collector.write("pbx1", 1)
    with (collector.archive / "pbx1" / f"{day(2)}.jsonl").open("a") as held:
        collector.close()
        assert [e["kind"] for e in collector.chain("pbx1")] == ["begun"]
        held.write(record("pbx1", 2, 99))
    collector.close()
    assert [e.get("records") for e in collector.chain("pbx1")] == [None, 4, 3]


def test_a_file_that_is_held_open_but_not_written_to_is_closed(collector):
    collector.write("pbx1", 1)
    raw = collector.archive / "pbx1" / f"{day(1)}.jsonl"
    text = raw.read_text()
    with raw.open("a") as held:
        os.utime(raw, (0, 0))
        collector.close()
        assert whole(collector, "pbx1").decode() == text
        assert collector.run("check").returncode == 0
        retired = raw.with_name(f".{raw.name}.closed")
        assert flags(retired) == "i"
        flags(retired, 0)  # as if the file system let who has it open write on
        held.write(record("pbx1", 1, 99))
    assert collector.run("check").returncode == 1
    collector.close()
    collector.close()
    assert whole(collector, "pbx1").decode() == text + record("pbx1", 1, 99)
    assert not retired.exists()
    assert collector.run("check").returncode == 0


def test_files_past_their_retention_go_with_an_entry(collector):
    for ago in (12, 11, 10, 1):
        collector.write("pbx1", ago)
        collector.write("agent1", ago)
    collector.configure(others=400, pbx1=10)
    collector.close()
    pruned = [e for e in collector.chain("pbx1") if e["kind"] == "pruned"]
    assert [(e["day"], e["retention_days"]) for e in pruned] == [(day(12), 10), (day(11), 10)]
    assert f"{day(11)}.jsonl.zst" not in collector.names("pbx1")
    assert f"{day(10)}.jsonl.zst" in collector.names("pbx1")
    assert f"{day(12)}.jsonl.zst" in collector.names("agent1")
    assert collector.run("check").returncode == 0


def pruned_days(collector, host="pbx1"):
    return [entry["day"] for entry in collector.chain(host) if entry["kind"] == "pruned"]


def sound(collector, asked):
    """Tell whether another reader finds the archive sound, when a site asks for so many days."""
    keys = load_keys(collector.root / "archive.pem")
    demands = Demands(keys, retention={"pbx1": asked})
    return verify_archive(Folder(collector.archive), demands).sound


@pytest.mark.parametrize("hosts", [{"pbx1": 5}, {}], ids=["classified lower", "out of the site"])
def test_what_was_promised_is_kept_whatever_is_configured_since(collector, hosts):
    collector.write("pbx1", 10)
    collector.configure(pbx1=11)
    collector.close()
    assert [e["retention_days"] for e in collector.chain("pbx1") if e["kind"] == "closed"] == [11]
    collector.configure(others=5, **hosts)
    assert collector.run("check").returncode == 0
    collector.close()
    assert collector.run_at(1).returncode == 0
    assert pruned_days(collector) == []
    assert f"{day(10)}.jsonl.zst" in collector.names("pbx1")
    assert collector.run_at(2, "check").returncode == 1
    assert collector.run_at(2).returncode == 0
    assert pruned_days(collector) == [day(10)]
    assert collector.chain("pbx1")[-1]["retention_days"] == 11
    assert sound(collector, asked=5)


def test_what_is_configured_since_counts_when_it_is_more_than_was_promised(collector):
    collector.write("pbx1", 10)
    collector.configure(pbx1=10)
    collector.close()
    collector.configure(pbx1=12)
    assert collector.run_at(2).returncode == 0
    assert pruned_days(collector) == []
    assert collector.run_at(3).returncode == 0
    assert pruned_days(collector) == [day(10)]
    assert sound(collector, asked=12)


def test_a_file_goes_when_all_earlier_days_do(collector):
    collector.write("pbx1", 10)
    collector.configure(pbx1=13)
    assert collector.run_at(-8).returncode == 0
    collector.write("pbx1", 9)
    collector.configure(pbx1=5)
    collector.close()
    assert pruned_days(collector) == []
    assert collector.run_at(4).returncode == 0
    assert pruned_days(collector) == [day(10), day(9)]
    assert sound(collector, asked=5)


def test_what_was_closed_before_promises_were_given_is_kept_for_two_years(collector):
    module = collector.root / "archive/folder.py"
    text = module.read_text()
    promise = "            retention_days=self.retention.days,\n"
    assert text.count(promise) == 1
    module.write_text(text.replace(promise, ""))
    collector.write("pbx1", 5)
    collector.close()
    collector.write("pbx1", 730)
    collector.configure(others=5)
    collector.close()
    assert "retention_days" not in collector.chain("pbx1")[-1]
    module.write_text(text)
    assert collector.run("check").returncode == 0
    collector.close()
    assert pruned_days(collector) == []
    assert collector.run_at(1).returncode == 0
    assert pruned_days(collector) == [day(730)]


@pytest.mark.parametrize("what", ["line", "order", "number"])
def test_a_broken_chain_stops_everything_in_that_folder(collector, what):
    for host in ("agent1", "pbx1"):
        for ago in (3, 2, 1):
            collector.write(host, ago)
    collector.close()
    path = collector.archive / "pbx1/chain.jsonl"
    flags(path, 0)
    lines = path.read_text().splitlines()
    if what == "line":
        lines[1] = lines[1].replace('"records":3', '"records":2')
    elif what == "order":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        del lines[1]
    path.write_text("\n".join(lines) + "\n")
    collector.write("pbx1", 1)
    collector.write("agent1", 1)
    done = collector.run()
    assert done.returncode == 1
    assert "pbx1/chain.jsonl, line" in done.stderr
    assert "is broken" in done.stderr
    assert f"{day(1)}.jsonl" in collector.names("pbx1")
    assert f"{day(1)}.1.jsonl.zst" in collector.names("agent1")


def test_an_entry_that_was_half_written_is_taken_back(collector):
    collector.write("pbx1", 1)
    collector.close()
    path = collector.archive / "pbx1/chain.jsonl"
    text = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"at":"20')
    assert collector.run("check").returncode == 1
    collector.close()
    assert path.read_bytes() == text
    assert flags(path) == "a"


def test_a_clock_that_is_far_from_the_last_entry_is_not_believed(collector):
    collector.write("pbx1", 1)
    collector.close()
    text = (collector.archive / "pbx1/chain.jsonl").read_bytes()
    for away in (60, -1):
        done = collector.run_at(away)
        assert done.returncode == 1
        assert "the clock says" in done.stderr
        assert (collector.archive / "pbx1/chain.jsonl").read_bytes() == text


def test_attributes_that_somebody_took_off_come_back(collector):
    collector.write("pbx1", 1)
    collector.write("pbx1", 0)
    collector.close()
    paths = sorted((collector.archive / "pbx1").iterdir())
    before = [flags(path) for path in paths]
    for path in paths:
        flags(path, 0)
        assert collector.run("check").returncode == 1
        collector.close()
    assert [flags(path) for path in paths] == before


def test_what_was_written_while_a_file_was_put_away_is_kept(collector):
    collector.write("pbx1", 1)
    raw = collector.archive / "pbx1" / f"{day(1)}.jsonl"
    text = raw.read_text()
    collector.close()
    retired = raw.with_name(f".{day(1)}.jsonl.closed")
    retired.write_text(text + record("pbx1", 1, 77))
    collector.close()
    collector.close()
    assert whole(collector, "pbx1").decode() == text + record("pbx1", 1, 77)
    assert not retired.exists()


def test_a_closed_file_that_is_damaged_is_made_anew_while_its_source_is_there(collector):
    collector.write("pbx1", 1)
    raw = collector.archive / "pbx1" / f"{day(1)}.jsonl"
    text = raw.read_bytes()
    collector.close()
    closed = raw.with_name(f"{raw.name}.zst")
    flags(closed, 0)
    closed.write_bytes(b"no archive")
    raw.write_bytes(text)
    collector.close()
    assert whole(collector, "pbx1") == text
    assert not raw.exists()


def prepared(collector):
    """Give the job all of its work: to close, to fill in, to prune, to end what was begun."""
    collector.write("pbx1", 12)
    collector.write("pbx1", 11)
    collector.configure(others=11)
    assert collector.run_at(-1).returncode == 0
    assert "pruned" not in {entry["kind"] for entry in collector.chain("pbx1")}
    collector.write("pbx1", 11, records=1)


def test_killed_anywhere_the_next_run_ends_what_was_begun(collector, tmp_path):
    killer = tmp_path / "killer.py"
    killer.write_text(f"QUIET = {QUIET!r}\n{KILLER}")
    prepared(collector)
    collector.write("pbx1", 2)
    saved = tmp_path / "saved"
    subprocess.run(["cp", "-a", collector.archive, saved], check=True)
    text = (saved / "pbx1" / f"{day(2)}.jsonl").read_bytes()
    late = (saved / "pbx1" / f"{day(11)}.jsonl").read_bytes()
    line, killed = 1, 0
    while True:
        restore(collector, saved)
        done = collector.run(prefix=(sys.executable, killer, str(line), collector.script))
        if done.returncode != -9:
            assert (done.returncode, done.stderr) == (0, "")
            break
        killed += 1
        read_amid_the_work(collector)
        collector.close()
        assert collector.run("check").returncode == 0
        assert whole(collector, "pbx1").endswith(late + text)
        kinds = [entry["kind"] for entry in collector.chain("pbx1")]
        assert (kinds.count("pruned"), kinds.count("closed")) == (1, 4)
        line += STRIDE
    assert killed > 300 // STRIDE


def read_amid_the_work(collector):
    """Both readers find each record, and each once, whatever the job was about to do."""
    reading = verify_archive(
        Folder(collector.archive),
        Demands(load_keys(collector.root / "archive.pem"), retention={"pbx1": 11}),
    )
    late = (f"{day(11)}.1.", f"{day(11)}.jsonl", f"{day(2)}.0.", f"{day(2)}.jsonl")
    assert [str(one) for one in reading.findings if not one.place.startswith(late)] == []
    (host,) = reading.hosts
    answer = Answer(Folder(collector.archive), Question())
    assert list(answer) == []
    numbers = answer.parts[0].numbers
    assert (host.duplicates, numbers.duplicates, numbers.missing) == (0, 0, 0)
    pruned = 3 if host.pruned else 0
    assert host.records == 10 - pruned
    assert numbers.messages in (10 - pruned, 10)  # what is to be removed may be there yet


def restore(collector, saved):
    free(collector.archive)
    subprocess.run(["rm", "-rf", collector.archive], check=True)
    subprocess.run(["cp", "-a", saved, collector.archive], check=True)
