"""The fact's shell, run for real on a scratch folder with a database as AIDE writes it."""

import base64
import gzip
import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest
from pyinfra.api.exceptions import FactProcessError

from ringfence.facts.integrity import AlteredPackages, Baseline, BaselineState, Moment
from ringfence.facts.shell import OF_THE_MOMENT

SPEC = "@@db_spec name lname perm uid gid size inode attr acl sha512 xattrs capabilities \n"


class Place:
    def __init__(self, root: Path) -> None:
        self.tree, self.store, self.rules = root / "tree", root / "store", root / "rules"
        (self.tree / "sub").mkdir(parents=True)
        self.store.mkdir()
        self.rules.write_text("rules")
        self.taken = "0.0"

    def take(self) -> None:
        lines = [SPEC]
        for path in sorted(p for p in self.tree.rglob("*") if p.is_symlink() or p.is_file()):
            status = path.lstat()
            name = str(path).replace("%", "%25").replace(" ", "%20").replace("+", "%2B")
            content = "0" if path.is_symlink() else self.digest(path)
            link = path.readlink() if path.is_symlink() else "0"
            who = f"{status.st_uid} {status.st_gid}"
            lines.append(f"{name} {link} {status.st_mode:o} {who} 1 2 3 0 {content} 0 0\n")
        (self.store / "database").write_bytes(gzip.compress("".join(lines).encode()))
        self.taken = f"{time.time():.9f}"
        (self.store / "taken").write_text(f"{self.taken}\n")
        time.sleep(0.05)

    @staticmethod
    def digest(path: Path) -> str:
        return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()

    def ask(self, *passed_over: str) -> BaselineState:
        fact = Baseline()
        command = fact.command(
            str(self.store), str(self.rules), self.taken, [str(self.tree)], passed_over
        )
        answer = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
        assert answer.stderr == b""
        return fact.process(answer.stdout.decode("ascii").splitlines())

    def changes(self, *passed_over: str) -> list[str]:
        found = self.ask(*passed_over)["changes"]
        return [f"{one['how']} {Path(one['path']).relative_to(self.tree)}" for one in found]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    for name in ("plain", "a name+with 5%", "sub/deep"):
        (made.tree / name).write_text(name)
    (made.tree / "link").symlink_to("plain")
    (made.tree / "sub/deep").chmod(0o4755)
    made.take()
    return made


def test_a_host_without_a_baseline_has_none(tmp_path: Path) -> None:
    made = Place(tmp_path)
    state = made.ask()
    assert (state["database"], state["taken"], state["changes"]) == ("", "", [])


def test_digests_and_moment_are_those_of_the_files(place: Place) -> None:
    state = place.ask()
    content = (place.store / "database").read_bytes()
    assert state["database"] == hashlib.sha256(content).hexdigest()
    assert state["rules"] == hashlib.sha256(b"rules").hexdigest()
    assert state["taken"] == place.taken


def test_what_was_written_anew_with_the_same_content_has_not_changed(place: Place) -> None:
    for name in ("plain", "a name+with 5%", "sub/deep"):
        path = place.tree / name
        mode = path.stat().st_mode
        path.unlink()
        path.write_text(name)
        path.chmod(mode)
    (place.tree / "link").unlink()
    (place.tree / "link").symlink_to("plain")
    assert {change.split()[0] for change in place.changes()} == {"touched"}


def test_content_mode_target_and_names_count(place: Place) -> None:
    (place.tree / "plain").write_text("other")
    (place.tree / "sub/deep").chmod(0o755)
    (place.tree / "link").unlink()
    (place.tree / "link").symlink_to("sub")
    (place.tree / "a name+with 5%").unlink()
    (place.tree / "new one").write_text("x")
    assert sorted(place.changes()) == [
        "added new one",
        "changed link",
        "changed plain",
        "changed sub/deep",
        "removed a name+with 5%",
    ]


def test_a_time_that_was_set_back_hides_nothing(place: Place) -> None:
    path = place.tree / "plain"
    path.write_text("other")
    os.utime(path, (1, 1))
    assert place.changes() == ["changed plain"]


def test_what_is_passed_over_does_not_count(place: Place) -> None:
    (place.tree / "sub/more").write_text("x")
    (place.tree / "noise-1").write_text("x")
    assert place.changes(f"{place.tree}/sub", f"{place.tree}/noise*") == []


def test_packages_are_named_once(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest/packages").write_text(
        "debsums: changed file /usr/bin/a (from tool package)\n"
        "debsums: missing file /usr/bin/b (from tool package)\n"
        "debsums: changed file /lib/c (from libc6:amd64 package)\n"
        "debsums: no md5sums for other\n"
    )
    fact = AlteredPackages()
    answer = subprocess.run(
        ["sh", "-c", fact.command(str(tmp_path))], capture_output=True, check=True
    )
    assert fact.process(answer.stdout.decode().splitlines()) == ["libc6", "tool"]


def test_a_new_baseline_that_waits_is_told(place: Place) -> None:
    assert place.ask()["waiting"] == ""
    (place.store / "database.new").write_bytes(b"new")
    assert place.ask()["waiting"] == ""
    (place.store / "taken.new").write_text("1700000000.5\n")
    found = place.ask()
    assert found["waiting"] == hashlib.sha256(b"new").hexdigest()
    assert found["waiting_taken"] == "1700000000.5"


def test_the_moment_is_the_hosts_own() -> None:
    fact = Moment()
    said = subprocess.run(["sh", "-c", fact.command()], capture_output=True, text=True, check=True)
    assert abs(fact.process(said.stdout.splitlines()) - time.time()) < 3600
    assert fact.command().startswith(OF_THE_MOMENT)
    with pytest.raises(FactProcessError, match="no time: 'x'"):
        fact.process(["x"])


def test_a_database_without_digests_ends_too(place: Place) -> None:
    text = gzip.decompress((place.store / "database").read_bytes()).decode()
    (place.store / "database").write_bytes(gzip.compress(text.replace("sha512", "other").encode()))
    (place.tree / "plain").write_text("more")
    assert "changed plain" in place.changes()
