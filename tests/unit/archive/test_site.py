"""A site's archive over ssh: `ssh` runs the command here, so that find, tar and chattr are real."""

import os
import shutil
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.archive import site as module
from ringfence.archive.findings import Kind
from ringfence.archive.keys import load_keys
from ringfence.archive.remote import UnansweredError
from ringfence.archive.site import SiteArchive, retention_of
from ringfence.errors import UsageError
from ringfence.site import Classification
from ringfence.site.policy import Retention

from .conftest import FIRST, sound_archive

SSH = """#!/bin/sh
for last; do :; done
exec sh -c "$last"
"""


def host(name, **more):
    access = SimpleNamespace(user="root", port=22, identity_file=None, via=None)
    return SimpleNamespace(
        name=name,
        ssh=access,
        address="10.0.0.1",
        classification=Classification.MEDIUM,
        groups=["pbx"],
        **{"pci": False, "ephi": False, **more},
    )


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A site with a collector and a host for anchors, whose hosts are this computer."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ssh").write_text(SSH)
    (tmp_path / "bin/ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "FOLDER", str(tmp_path / "logs"))
    monkeypatch.setattr(module, "ANCHORS", str(tmp_path / "anchors"))
    monkeypatch.setattr(module, "PUBLIC_KEY", str(tmp_path / "shown.pem"))
    writer = sound_archive(tmp_path / "logs")
    (tmp_path / "site").mkdir()
    logging = SimpleNamespace(anchor="far1", retention_days=500)
    hosts = {name: host(name) for name in ("agent1", "pbx1", "far1")}
    site = SimpleNamespace(
        path=tmp_path / "site",
        name="center",
        hosts=hosts,
        groups={"log_collector": [host("collector1")]},
        host=hosts.__getitem__,
        policy=SimpleNamespace(logging=logging, retention=Retention()),
        config_file=tmp_path / "config",
        known_hosts_file=tmp_path / "known",
    )
    show(tmp_path, writer.key)
    yield SimpleNamespace(site=site, writer=writer, root=tmp_path, collector=host("collector1"))
    if (tmp_path / "anchors").exists():
        for path in (tmp_path / "anchors").iterdir():
            os.system(f"chattr -a {path}")


def show(root, key):
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (root / "shown.pem").write_bytes(pem)


def archive(place):
    return SiteArchive(place.site, place.collector)


def test_the_collectors_key_is_trusted_once_and_a_new_one_only_on_purpose(place):
    name = archive(place).trust(add=False)
    assert archive(place).trust(add=False) == name
    show(place.root, Ed25519PrivateKey.generate())
    with pytest.raises(UsageError, match="does not have"):
        archive(place).trust(add=False)
    second = archive(place).trust(add=True)
    assert set(load_keys(archive(place).key_file)) == {name, second}


@pytest.mark.skipif(os.getuid() != 0, reason="making a file append-only needs root")
def test_heads_are_carried_and_a_chain_written_anew_is_told(place):
    archive(place).trust(add=False)
    assert archive(place).anchors() == []
    reading, made = archive(place).anchor()
    assert (reading.findings, len(made)) == ([], 2)
    assert archive(place).anchor()[1] == []
    assert len(archive(place).anchors() or []) == 2
    shutil.rmtree(place.root / "logs/pbx1")
    reading, made = archive(place).anchor()
    assert [one.kind for one in reading.findings] == [Kind.REMOVED]
    assert made == []
    place.writer.lines["pbx1"] = []
    place.writer.entry("pbx1", "begun", FIRST)
    assert archive(place).anchor()[0].findings
    reading, made = archive(place).anchor(["pbx1"])
    assert (reading.findings, [one.number for one in made]) == ([], [0])
    assert reading.notes[0].startswith("pbx1: its chain begins again on ")
    assert archive(place).anchor()[0].findings == []


def test_a_reading_compares_with_the_anchor_and_with_the_sites_hosts(place):
    archive(place).trust(add=False)
    reading = archive(place).verify(since=None)
    kinds = {(one.host, one.kind) for one in reading.findings}
    assert ("far1", Kind.MISSING) in kinds
    assert reading.anchored == 0
    place.site.groups["log_collector"].insert(0, host("collector0"))
    assert "far1" not in {one.host for one in archive(place).verify(since=None).findings}


def test_a_host_that_does_not_answer_is_told(place, monkeypatch):
    (place.root / "bin/ssh").write_text("#!/bin/sh\necho 'no route to host' >&2\nexit 255\n")
    with pytest.raises(UnansweredError, match="collector1: no route to host") as caught:
        archive(place).trust(add=False)
    assert caught.value.exit_code == 1


def test_an_anchor_on_the_collector_itself_is_refused(place):
    place.site.policy.logging.anchor = "collector1"
    with pytest.raises(UsageError, match="the collector itself"):
        archive(place).anchors()
    place.site.policy.logging.anchor = None
    assert archive(place).anchors() is None
    with pytest.raises(UsageError, match=r"set logging\.anchor"):
        archive(place).anchor()


@pytest.mark.parametrize(
    ("level", "section", "days"),
    [("high", None, 730), ("medium", None, 400), ("medium", 500, 500), ("high", 500, 730)],
)
def test_retention_is_what_the_policy_says_and_never_less_than_the_level_demands(
    level, section, days
):
    policy = SimpleNamespace(retention=Retention(access_records_days=730))
    if section:
        policy.logging = SimpleNamespace(retention_days=section)
    one = host("pbx1")
    one.classification = Classification(level)
    assert retention_of(SimpleNamespace(policy=policy), one) == days


def test_the_days_of_a_site_are_demanded_of_its_archive(place, monkeypatch):
    archive(place).trust(add=False)
    place.site.policy.retention = Retention(access_records_days=3650)
    place.site.hosts["pbx1"].groups = ["recordings"]
    found = []
    monkeypatch.setattr(module, "verify_archive", lambda _source, given, _say: found.append(given))
    archive(place).verify(since=None)
    (demands,) = found
    assert demands.retention == {"agent1": 500, "pbx1": 3650, "far1": 500}
    assert demands.others == 3650
