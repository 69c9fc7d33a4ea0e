"""``ringfence logs``: what each command prints, and its exit codes."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import ringfence.cli
from ringfence.archive.anchors import new_anchors
from ringfence.archive.findings import Reading
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import read_chains

from ..archive.conftest import day, sound_archive


@pytest.fixture
def archive(tmp_path):
    writer = sound_archive(tmp_path / "logs")
    public = writer.key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    chains = read_chains(Folder(writer.root), writer.keys, Reading())
    heads = new_anchors([], chains, datetime.now(UTC))
    (tmp_path / "heads.jsonl").write_text("".join(head.line() for head in heads))
    return tmp_path


def run(capsys, *arguments):
    code = ringfence.cli.run(["logs", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def verify(capsys, archive, *more):
    return run(capsys, "verify", archive / "logs", "--key", archive / "key.pem", *more)


def test_a_sound_archive(archive, capsys):
    code, said, _ = verify(capsys, archive, "--anchor", archive / "heads.jsonl")
    assert code == 0
    assert "pbx1: 2026-03-01 to 2026-03-04, 5 files, 11 records, 1 days without" in said
    assert "2 anchored heads compared" in said
    assert ": sound (" in said
    code, said, _ = verify(capsys, archive)
    assert "compared with no anchor" in said


def test_an_archive_that_is_not_sound(archive, capsys):
    (archive / "logs/pbx1" / f"{day(1)}.jsonl.zst").unlink()
    code, said, _ = verify(capsys, archive)
    assert code == 1
    assert f"pbx1/{day(1)}.jsonl.zst: removed: entry 2 knows it" in said
    assert "NOT sound" in said
    code, said, _ = verify(capsys, archive, "--json")
    (document,) = json.loads(said)["archives"].values()
    assert (code, document["sound"]) == (1, False)
    assert {one["kind"] for one in document["findings"]} == {"removed", "gap"}


def test_only_later_days_are_read(archive, capsys):
    path = archive / "logs/pbx1" / f"{day(0)}.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-1])
    assert verify(capsys, archive)[0] == 1
    assert verify(capsys, archive, "--since", day(1))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("verify", "{root}/logs"), "name the collector's public keys by --key"),
        (("verify", "{root}/none"), "there is no folder"),
        (("verify", "{root}", "--key", "{root}/heads.jsonl"), "holds no public key"),
        (("verify", "{root}/logs", "--key", "{root}/key.pem", "--since", "soon"), "soon"),
        (("verify", "{root}/logs/pbx1", "--key", "{root}/key.pem"), "is no archive"),
        (("verify", "{site}", "--key", "{root}/key.pem"), "are for a folder"),
        (("verify", "{site}", "--runs", "{root}/none"), "none: there is no such folder"),
        (("verify", "{root}/logs", "--runs", "{root}"), "--runs is for a site"),
        (("anchor", "{root}/logs"), "hosts.yml"),
        (("trust", "{root}/logs"), "hosts.yml"),
    ],
)
def test_wrong_calls_are_told_in_a_sentence(archive, sealed_site, capsys, arguments, sentence):
    verb, *rest = arguments
    words = [one.format(root=archive, site=sealed_site) for one in rest]
    code, out, said = run(capsys, verb, *words)
    assert (code, out) == (4, "")
    assert sentence in said
    assert "Traceback" not in said


def test_a_copy_of_the_anchor_that_is_none_is_told(archive, capsys):
    (archive / "heads.jsonl").write_text("x\n")
    code, _, said = verify(capsys, archive, "--anchor", archive / "heads.jsonl")
    assert code == 3
    assert "line 1: is no anchor" in said
