"""What the probes say of an archive in a folder here, whose commands are run for real."""

import os
import shlex
import subprocess
from datetime import date
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import log_chain, log_folders

from ...archive.conftest import FIRST, Writer, day, sound_archive


class Here:
    """A host that is this computer, with the archive in another folder."""

    def __init__(self, root):
        self.root = root

    def run(self, command, *words):
        quoted = command % tuple(shlex.quote(word) for word in words) if words else command
        script = quoted.replace("/srv/logs", str(self.root))
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        return SimpleNamespace(stdout=done.stdout, rc=done.returncode)

    def check_output(self, command, *words):
        done = self.run(command, *words)
        assert done.rc == 0
        return done.stdout


@pytest.fixture
def archive(tmp_path):
    return sound_archive(tmp_path / "logs")


def folder(archive, name="pbx1"):
    return next(one for one in log_folders.folders(Here(archive.root)) if one.name == name)


def test_a_sound_folder(archive):
    found = folder(archive)
    assert (found.closed, found.pruned, found.there, found.torn) == (4, 0, 4, False)
    assert found.open_days == [day(4)]
    assert log_chain.beginning(found) == "begun 0"
    assert log_chain.faults(found, archive.keys) == []
    assert log_chain.last_day(found) == day(3)
    said = log_chain.digests(found)
    assert len(found.digests) == log_folders.DIGESTS
    assert all(said[name] == digest for name, digest in found.digests.items())
    assert log_chain.head(found).startswith("5 ")


def test_an_archive_that_is_not_there_has_no_folder(tmp_path):
    assert log_folders.folders(Here(tmp_path / "none")) == []
    assert log_folders.attempts(Here(tmp_path / "none")) == {}
    assert log_folders.without_attribute(Here(tmp_path / "none")) == (0, [])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b'"records":3', b'"records":4', "entry 1 is not what the collector signed"),
        (b'"host":"pbx1"', b'"host":"pbx2"', "entry 1 is of pbx2"),
        (b"{", b"{ ", "no entry: { "),
    ],
)
def test_an_entry_that_was_altered_is_told(archive, old, new, fault):
    archive.lines["pbx1"][1] = archive.lines["pbx1"][1].replace(old, new)
    archive.save("pbx1")
    assert any(one.startswith(fault) for one in log_chain.faults(folder(archive), archive.keys))


def test_links_ends_and_foreign_keys_are_judged(archive):
    del archive.lines["pbx1"][2]
    archive.save("pbx1")
    with (archive.root / "pbx1/chain.jsonl").open("ab") as file:
        file.write(b'{"at"')
    found = folder(archive)
    faults = log_chain.faults(found, archive.keys)
    assert "the last entry has no end" in faults
    assert 'no entry: {"at"' in faults
    assert len(found.digests) == log_folders.DIGESTS
    assert "entry 3 does not follow the one before it" in faults
    other = Writer(archive.root)
    faults = log_chain.faults(found, other.keys)
    assert "entry 1 is signed with a key that is not the collector's" in faults


def test_a_file_that_is_gone_is_named_and_missing_in_the_count(archive):
    (archive.root / "pbx1" / f"{day(1)}.jsonl.zst").unlink()
    found = folder(archive)
    assert (found.closed - found.pruned, found.there) == (4, 3)
    assert (found.missing, found.odd) == ([f"{day(1)}.jsonl.zst"], [])


@pytest.mark.parametrize("other", [f"{day(9)}.jsonl.zst", f"{day(1)}.jsonl.zst x.jsonl.zst"])
def test_another_file_does_not_stand_for_one_that_is_gone(archive, other):
    path = archive.root / "pbx1" / f"{day(1)}.jsonl.zst"
    path.rename(path.with_name(other))
    found = folder(archive)
    assert found.closed - found.pruned == found.there
    assert (found.missing, found.odd) == ([path.name], [f"{other}: there"])


def test_a_file_that_was_removed_and_is_there_is_odd(archive):
    path = archive.root / "pbx1" / f"{FIRST}.jsonl.zst"
    content = path.read_bytes()
    archive.prune("pbx1", 1, 401)
    assert (folder(archive).missing, folder(archive).odd) == ([], [])
    path.write_bytes(content)
    assert folder(archive).odd == [f"{path.name}: closed pruned there"]


def test_a_chain_that_has_just_begun_lacks_no_day(archive):
    archive.entry("new1", "begun", date(2026, 4, 2))
    assert log_chain.last_day(folder(archive, "new1")) == date(2026, 4, 1)


@pytest.mark.skipif(os.getuid() != 0, reason="making files immutable needs root")
def test_attributes_and_attempts(archive):
    here = Here(archive.root)
    good, bad = log_folders.without_attribute(here)
    assert good == 0
    assert f"i lacks ./pbx1/{day(1)}.jsonl.zst" in bad
    assert "a lacks ./pbx1/chain.jsonl" in bad
    archive.entry("new1", "begun", day(4))  # nothing was closed there yet
    before = {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()}
    tried = log_folders.attempts(here)
    assert set(tried) == {"agent1", "new1", "pbx1"}
    of_chain = ["rename pbx1/chain.jsonl: done", "write pbx1/chain.jsonl: done"]
    assert tried["pbx1"].other[:2] == of_chain
    assert {one.refused for one in tried.values()} == {0}
    assert {path: path.read_bytes() for path in before} == before
    try:
        for path in before:
            flag = "+i" if path.suffix == ".zst" else "+a"
            subprocess.run(["chattr", flag, path], check=True)
        assert log_folders.without_attribute(here) == (len(before), [])
        tried = log_folders.attempts(here)
        of_open, of_closed = 3, 4  # of those that are open: the chain, and today
        assert tried["pbx1"] == log_folders.Attempts(2 * of_open + of_closed)
        assert {path: path.read_bytes() for path in before} == before
        chain = archive.root / "pbx1/chain.jsonl"
        subprocess.run(["chattr", "-a", chain], check=True)
        tried = log_folders.attempts(here)
        assert tried["pbx1"].other == of_chain
        assert tried["agent1"].other == []
    finally:
        subprocess.run(["chattr", "-R", "-i", "-a", archive.root], check=True)


def test_the_keys_of_the_site_count_before_those_that_are_shown(archive, tmp_path):
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = archive.key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    site, collector = SimpleNamespace(path=tmp_path), SimpleNamespace(name="collector1")
    keys, place = log_chain.trusted(site, collector, pem)
    assert (list(keys), place) == (list(archive.keys), "the collector: the site keeps none yet")
    assert log_chain.trusted(site, collector, b"") == ({}, "nowhere")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/collector1.pem").write_bytes(pem)
    assert log_chain.trusted(site, collector, b"") == (keys, "the site")


def test_settings_that_are_unreadable_promise_nothing():
    assert log_folders.settings(SimpleNamespace(run=lambda _c: SimpleNamespace(stdout="x"))) == {}
