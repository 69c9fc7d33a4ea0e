"""``ringfence logs``: what each command prints, and its exit codes."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import ringfence.cli
from ringfence.archive.anchors import new_anchors
from ringfence.archive.findings import Kind, Reading
from ringfence.archive.keys import load_keys
from ringfence.archive.site import SiteArchive
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import Demands, read_chains, verify_archive

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


def test_without_a_terminal_a_reading_tells_no_steps(archive, capsys):
    assert verify(capsys, archive)[2] == ""


class Steps:
    """Hears steps."""

    def __init__(self):
        self.heard = []

    def __call__(self, host, step, share=None, failed=False):
        self.heard.append((host, step, share))


def test_a_reading_tells_each_file_and_ends_with_each_host_whole(archive):
    steps = Steps()
    source = Folder(archive / "logs")
    verify_archive(source, Demands(keys=load_keys(archive / "key.pem")), steps)
    assert ("archive", "chain of pbx1", 0.5) in steps.heard
    assert [step for host, step, _ in steps.heard if host == "pbx1"][-1] == "read"
    assert f"{day(1)}.jsonl.zst" in [step for host, step, _ in steps.heard if host == "pbx1"]
    for host in ("agent1", "pbx1"):
        shares = [share for name, _, share in steps.heard if name == host]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)


@pytest.fixture
def anchored(sealed_site, archive, monkeypatch):
    """A site whose collector's heads were carried to backup1; the findings are in the list."""
    findings = []

    def anchor(_self, _begin_again, say):
        say("log1", "connecting", 0.1)
        reading = Reading()
        for finding in findings:
            reading.add(*finding)
        chains = read_chains(Folder(archive / "logs"), load_keys(archive / "key.pem"), Reading())
        return reading, [] if findings else new_anchors([], chains, datetime.now(UTC))

    monkeypatch.setattr(SiteArchive, "anchor", anchor)
    monkeypatch.setattr(
        SiteArchive, "anchor_host", property(lambda self: self.site.host("backup1"))
    )
    return sealed_site, findings


def test_heads_that_were_anchored_are_told_and_are_a_document(anchored, capsys):
    site, _ = anchored
    assert run(capsys, "anchor", site) == (0, "log1: 2 new heads on backup1\n", "")
    code, said, err = run(capsys, "anchor", site, "--json")
    told = json.loads(said)["collectors"]["log1"]
    assert (code, err, told["anchor"], told["findings"]) == (0, "", "backup1", [])
    assert [head["host"] for head in told["new_heads"]] == ["agent1", "pbx1"]


def test_keys_that_are_trusted_are_told_and_are_a_document(sealed_site, monkeypatch, capsys):
    monkeypatch.setattr(SiteArchive, "trust", lambda _self, _add: "a1b2")
    file = f"{sealed_site}/archive/log1.pem"
    assert run(capsys, "trust", sealed_site) == (0, f"log1 signs with a1b2; {file} has it\n", "")
    code, said, err = run(capsys, "trust", sealed_site, "--json")
    assert (code, err) == (0, "")
    assert json.loads(said) == {"collectors": {"log1": {"key": "a1b2", "file": file}}}


def test_why_nothing_was_anchored_is_told_and_is_a_document(anchored, capsys):
    site, findings = anchored
    findings.append(("pbx1", "chain.jsonl", Kind.REMOVED, "there is no chain"))
    code, said, _ = run(capsys, "anchor", site)
    assert (code, said.splitlines()[-1]) == (1, "log1: nothing was anchored")
    code, said, _ = run(capsys, "anchor", site, "--json")
    told = json.loads(said)["collectors"]["log1"]
    assert (code, told["new_heads"], told["findings"][0]["kind"]) == (1, [], "removed")
