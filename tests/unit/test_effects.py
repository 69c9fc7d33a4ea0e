import shutil
from pathlib import Path

import pyrage
import pytest

from ringfence.effects import (
    LARGEST,
    MASK,
    FileChange,
    UnitAct,
    acts_done,
    acts_to_come,
    by_host,
    diff,
    file_changes,
    masked,
    thing_changes,
)
from ringfence.secrets import Vault
from ringfence.site import load_site
from ringfence.verify.answers import Answer
from ringfence.verify.session import UnreachableError

EXAMPLE = Path(__file__).parents[2] / "inventories/example"
ROOT = {"mode": "0644", "owner": "root", "group": "root"}
SECRET = "correct horse battery"


def unit(name="ssh.service", restart_for=(), reload_for=()):
    return {"kind": "unit", "unit": name, "restart_for": restart_for, "reload_for": reload_for}


def act(verb, name="ssh.service"):
    return {"kind": "act", "verb": verb, "unit": name}


def file(
    path="/etc/motd", content="new\n", found=None, *, private=False, differs=True, mode="0644"
):
    wanted = ROOT | {"mode": mode}
    about = {"operation": "o", "path": path, "wanted": wanted, "found": found, "private": private}
    return {"kind": "file", "differs": differs, "content": content, **about}


def removal(path):
    return {"kind": "removal", "operation": "o", "path": path}


def test_a_unit_restarts_for_a_file_that_changes_earlier_in_the_run():
    told = [file("/etc/default/ssh"), unit(restart_for=["/etc/default/ssh", "/etc/other"])]
    assert acts_to_come(told) == [UnitAct("restart", "ssh.service", ("/etc/default/ssh",))]


def test_a_restart_stands_for_the_reload_that_is_due_or_to_come():
    told = [removal("/a"), file("/b"), act("reload"), unit(restart_for=["/a"], reload_for=["/b"])]
    assert acts_to_come(told) == [UnitAct("restart", "ssh.service", ("/a",))]


def test_what_is_due_now_is_told_and_a_start_is_no_restart():
    told = [file("/a"), act("start"), unit(restart_for=["/a"]), act("stop", "telnet.socket")]
    assert acts_to_come(told) == [
        UnitAct("start", "ssh.service"),
        UnitAct("stop", "telnet.socket"),
    ]


def test_without_a_changed_file_nothing_restarts():
    assert acts_to_come([file("/c"), unit(restart_for=["/a"], reload_for=["/b"])]) == []


def test_what_was_done_is_told_once():
    told = [{"kind": "did", "verb": "restart", "unit": "ssh.service"}] * 2 + [act("stop")]
    assert acts_done(told) == [UnitAct("restart", "ssh.service")]


def test_what_an_operation_tells_twice_counts_once():
    line = '{"host": "a", "operation": "o", "kind": "removal", "path": "/x"}'
    assert len(by_host([line, line])["a"]) == 1


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"+key {SECRET}!", f"+key {MASK}!"),
        ("-bindpw = old one # note", f"-bindpw = {MASK}"),
        ("+  api_key: 'x'", f"+  api_key: {MASK}"),
        ("+PasswordAuthentication no", "+PasswordAuthentication no"),
        ("+\x1b[2Jgone", "+\\x1b[2Jgone"),
    ],
)
def test_secrets_and_what_a_terminal_would_obey_are_not_shown(line, shown):
    assert masked(line, [SECRET]) == shown


def test_a_diff_has_the_lines_that_change_and_their_neighbours():
    assert diff("a\nb\nc\nd\n", "a\nb\nC\nd\n") == ("@@ -2,3 +2,3 @@", " b", "-c", "+C", " d")


@pytest.fixture
def example(tmp_path):
    """A copy of the example site."""
    return shutil.copytree(EXAMPLE, tmp_path / "site")


@pytest.fixture
def site(example):
    return load_site(example)


def changes_of(site, entries, answers):
    """Return the changes on one host, which answers `answers`, and the questions it was asked."""
    asked = []

    def ask(*commands):
        asked.extend(commands)
        if isinstance(answers, Exception):
            raise answers
        return answers

    return file_changes(site, {"pbx1": entries}, {"pbx1": ask}, 1)["pbx1"], asked


def test_a_file_that_all_may_read_is_read_as_nobody_and_compared(site):
    found, asked = changes_of(
        site, [file(found=ROOT | {"type": "file", "mode": "0640"})], [Answer(0, b"old\n", b"")]
    )
    assert found[0].diff == ("@@ -1 +1 @@", "-old", "+new")
    assert found[0].what == "content, mode 0640 → 0644"
    assert asked[0].startswith("setpriv --reuid=65534 ")


def test_a_file_that_is_closed_now_is_not_shown(site):
    found, _ = changes_of(site, [file(found=ROOT | {"type": "file"})], [Answer(1, b"", b"")])
    assert found[0].diff == ()
    assert "may read what is there now" in found[0].hidden


def test_a_file_that_will_be_closed_is_not_even_read(site):
    found, asked = changes_of(site, [file(content=None, private=True, mode="0600")], [])
    assert asked == []
    assert found == [
        FileChange("o", "/etc/motd", "new file, 0600 root:root", hidden=found[0].hidden)
    ]
    assert found[0].hidden == "not everybody on the host may read it"


def test_a_closed_file_that_its_role_shows_is_read_by_root_but_through_no_link(site):
    found, asked = changes_of(site, [file(private=True)], [Answer(0, b"", b"")])
    assert found[0].diff == ("@@ -0,0 +1 @@", "+new")
    assert '[ ! -L "$1" ]' in asked[0]
    assert "setpriv" not in asked[0]


@pytest.mark.parametrize(
    ("content", "present", "why"),
    [
        ("new", b"\xff", "no text"),
        ("new", b"x" * (LARGEST + 1), "too long"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C\n", b"", "private key"),
    ],
)
def test_what_can_not_be_shown_has_a_reason(site, content, present, why):
    found, _ = changes_of(site, [file(content=content)], [Answer(0, present, b"")])
    assert found[0].diff == ()
    assert why in found[0].hidden


def test_a_host_that_is_gone_shows_nothing(site):
    found, _ = changes_of(site, [file()], UnreachableError("gone"))
    assert found[0].diff == ()
    assert found[0].hidden


def test_a_directory_that_two_roles_need_is_told_once(site):
    directory = {"kind": "directory", "path": "/etc/x", "wanted": ROOT, "found": None}
    found, _ = changes_of(
        site, [directory | {"operation": "o"}, directory | {"operation": "p"}, removal("/y")], []
    )
    assert [(change.path, change.what.split(",")[0].split(" (")[0]) for change in found] == [
        ("/etc/x", "new directory"),
        ("/y", "removed"),
    ]


@pytest.fixture
def with_secrets(example, tmp_path, monkeypatch):
    """A site with a secret, and the file of the identity that opens it."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(f"{identity}\n")
    (example / "secrets.recipients").write_text(f"# owner: ana\n{identity.to_public()}\n")
    vault = Vault(example, [tmp_path / "identity"])
    vault.write(f"badge: |\n  {SECRET}\n  second line\n".encode(), replacing=None)
    monkeypatch.setenv("RINGFENCE_IDENTITY", str(tmp_path / "identity"))
    return load_site(example)


def test_the_secrets_of_the_site_are_masked_line_by_line(with_secrets):
    found, _ = changes_of(
        with_secrets, [file(content=f"a {SECRET}\nsecond line\n")], [Answer(0, b"", b"")]
    )
    assert found[0].diff[1:] == (f"+a {MASK}", f"+{MASK}")


def test_when_the_secrets_stay_shut_nothing_is_shown(with_secrets, monkeypatch, tmp_path):
    other = tmp_path / "other"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    monkeypatch.setenv("RINGFENCE_IDENTITY", str(other))
    found, _ = changes_of(with_secrets, [file()], [Answer(0, b"", b"")])
    assert found[0].diff == ()
    assert "can't be opened" in found[0].hidden


def test_things_are_told_once_and_obey_no_terminal():
    told = {"kind": "thing", "operation": "permissions | PRV-03", "change": "given to root"}
    entries = [told | {"thing": "/opt/a\x1b[31m"}] * 2
    (found,) = thing_changes([*entries, {"kind": "removal", "path": "/etc/z"}])
    assert found.thing == r"/opt/a\x1b[31m"
    assert (found.operation, found.change) == ("permissions | PRV-03", "given to root")
