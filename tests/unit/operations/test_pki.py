"""A host's key and certificate, by the operations' commands run for real on this machine.

The authority is a real one too, of a sample site; OpenSSL makes the keys and judges what comes.
"""

import getpass
import grp
import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pyinfra.context import ctx_host, ctx_state

from ringfence.errors import UsageError
from ringfence.facts.pki import Keys
from ringfence.operations import pki as module
from ringfence.pki import issuing, register
from ringfence.pki.authority import Reason
from ringfence.pki.issuing import Issuing
from ringfence.pki.lifetime import utc_now
from ringfence.site import load_site
from roles.pki.desk import Desk

ME, MINE = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


class ThisMachine:
    """A host of pyinfra's that is a folder here."""

    def __init__(self, root, desk):
        self.directory = root / "etc" / "pki"
        self.directory.parent.mkdir()
        self.store = root / "store"
        self.desk = desk
        self.noop_description = None
        self.ran = []
        self.is_cut = None
        self.stdin = ""

    def shell(self, script, stdin=""):
        script = script.replace("/var/lib/ringfence", str(self.store))
        script = script.replace("root:root", f"{ME}:{MINE}").replace(" root root", f" {ME} {MINE}")
        return subprocess.run(["sh", "-c", script], input=stdin, capture_output=True, text=True)

    def get_fact(self, fact, **arguments):
        asked = fact()
        said = self.shell(asked.command(**arguments)).stdout
        return asked.process(
            said.replace(f"{ME}:{MINE}", "root:root")
            .replace(f"{ME} {MINE}", "root root")
            .splitlines()
        )

    def noop(self, description):
        self.noop_description = description

    def apply(self, operation=module.certificate, executing=True):
        """Run an operation; return the sentence of a command that failed, or an empty text."""
        self.ran, self.noop_description = [], None
        state = SimpleNamespace(is_executing=executing)
        with ctx_state.use(state), ctx_host.use(self):
            for command in operation._inner(papers=self.desk, directory=str(self.directory)):
                self.ran.append(command.get_raw_value())
                if not executing:
                    return ""
                self.stdin = command.connector_arguments.get("_stdin") or ""
                if self.is_cut is not None and self.is_cut(self.ran[-1]):
                    return "cut"
                done = self.shell(self.ran[-1], self.stdin)
                if done.returncode:
                    return done.stderr
        return ""

    def path(self, name):
        return self.directory / name

    def key(self):
        path = str(self.path("host.key"))
        return self.get_fact(Keys, paths=[path])[path]

    def judge(self):
        """What OpenSSL says of the certificate, with the authority and list beside it."""
        certificate, authority, revoked = map(self.path, ("host.pem", "ca.pem", "crl.pem"))
        check = ["openssl", "verify", "-x509_strict", "-crl_check"]
        files = ["-CAfile", authority, "-CRLfile", revoked, certificate]
        done = subprocess.run([*check, *files], capture_output=True, text=True)
        pairs = [
            subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout
            for words in (
                ["x509", "-in", certificate, "-noout", "-pubkey"],
                ["pkey", "-in", self.path("host.key"), "-pubout"],
            )
        ]
        return done.returncode == 0 and pairs[0] == pairs[1]


@pytest.fixture
def site(sealed_site):
    loaded = load_site(sealed_site)
    Issuing(loaded).begin()
    return loaded


@pytest.fixture
def host(site, tmp_path):
    return ThisMachine(tmp_path, Desk(site=site, host=next(iter(site.hosts.values()))))


@pytest.fixture
def certified(host):
    assert host.apply() == ""
    assert host.apply(module.trusted) == ""
    return host


@pytest.fixture
def without_secrets(monkeypatch):
    """Calls after which nobody may open the site's secrets."""

    def close():
        def refuse(_self):
            raise UsageError("the secrets are closed")

        monkeypatch.setattr(issuing.Vault, "secrets", refuse)

    return close


def issued(host):
    return Issuing(host.desk.site).files.register().issued


def pem(host):
    return host.path("host.pem").read_text()


def test_a_new_host_gets_a_key_of_its_own_and_a_certificate_of_it(certified):
    assert certified.judge()
    modes = {path.name: path.stat().st_mode & 0o777 for path in certified.directory.iterdir()}
    assert modes == {"host.key": 0o600, "host.pem": 0o644, "ca.pem": 0o644, "crl.pem": 0o644}
    assert certified.key()["kind"] == "prime256v1"
    assert len(issued(certified)) == 1


def test_the_key_is_in_no_command_and_nowhere_in_the_site(certified):
    key = certified.path("host.key").read_text().split("\n")[1]
    assert key not in "".join(certified.ran)
    for path in certified.desk.site.path.rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes()


@pytest.mark.parametrize("operation", [module.certificate, module.trusted])
def test_the_second_run_changes_nothing_and_needs_no_secret(certified, without_secrets, operation):
    without_secrets()
    assert certified.apply(operation) == ""
    assert certified.ran == []
    assert "as the " in certified.noop_description


def test_a_plan_signs_nothing_and_needs_no_secret(host, without_secrets):
    without_secrets()
    before = Issuing(host.desk.site).files.register()
    assert host.apply(executing=False) == ""
    assert len(host.ran) == 1
    assert Issuing(host.desk.site).files.register() == before
    assert not host.directory.exists()


def test_a_host_that_needs_a_certificate_and_cannot_have_one_is_told_why(host, without_secrets):
    without_secrets()
    assert host.apply() == "ringfence: the secrets are closed\n"
    assert issued(host) == []
    assert not host.directory.exists()


def test_a_site_without_an_authority_is_told_why(host):
    Issuing(host.desk.site).files.authority.unlink()
    assert "the site has no authority yet; `ringfence pki init` makes it" in host.apply()


@pytest.mark.parametrize(
    "harm",
    [
        lambda host: host.path("host.key").unlink(),
        lambda host: host.path("host.key").write_text("no key"),
        lambda host: (host.path("host.key").unlink(), host.path("host.key").symlink_to("/x")),
        lambda host: (host.path("host.key").unlink(), host.path("host.key").mkdir()),
        lambda host: host.shell(f"openssl genrsa -out {host.path('host.key')} 1024"),
        lambda host: host.shell(f"openssl genpkey -algorithm ed25519 -out {host.path('host.key')}"),
    ],
)
def test_a_key_that_is_lost_or_weak_is_made_anew_and_certified(certified, harm):
    before = pem(certified)
    harm(certified)
    assert certified.apply() == ""
    assert certified.judge()
    assert certified.key()["kind"] == "prime256v1"
    assert pem(certified) != before
    assert len(issued(certified)) == 2


def test_a_key_that_was_exchanged_is_noticed_and_not_certified(certified):
    """Who put it there may have kept it."""
    certified.shell(
        f"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 "
        f"-out {certified.path('host.key')}"
    )
    exchanged = certified.key()["digest"]
    assert certified.apply(executing=False) == ""
    assert certified.ran
    assert certified.apply() == ""
    assert certified.judge()
    assert certified.key()["digest"] != exchanged
    assert len(issued(certified)) == 2


def test_a_copy_of_another_host_makes_a_key_of_its_own(certified):
    """As a virtual machine does that was cloned from one with Ringfence on it."""
    site, before = certified.desk.site, certified.key()["digest"]
    clone = next(one for one in site.hosts.values() if one != certified.desk.host)
    certified.desk = Desk(site=site, host=clone)
    assert certified.apply() == ""
    assert certified.judge()
    assert certified.key()["digest"] != before
    assert [one.host for one in issued(certified)][1:] == [clone.name]


def test_a_key_from_a_backup_that_was_the_hosts_before_is_certified_again(certified):
    kept = certified.path("host.key").read_text()
    certified.path("host.key").unlink()
    assert certified.apply() == ""
    certified.path("host.key").write_text(kept)
    former = certified.key()["digest"]
    assert certified.apply() == ""
    assert certified.judge()
    assert certified.key()["digest"] == former


def test_a_certificate_that_is_lost_or_exchanged_is_put_back_without_a_secret(
    certified, without_secrets
):
    without_secrets()
    before = pem(certified)
    for harm in (
        lambda path: path.unlink(),
        lambda path: path.write_text("x"),
        lambda path: path.chmod(0o666),
    ):
        harm(certified.path("host.pem"))
        assert certified.apply() == ""
        assert pem(certified) == before
        assert certified.path("host.pem").stat().st_mode & 0o777 == 0o644


def test_a_key_that_others_could_read_is_closed(certified):
    certified.path("host.key").chmod(0o644)
    assert certified.apply() == ""
    assert certified.path("host.key").stat().st_mode & 0o777 == 0o600
    assert certified.apply() == ""
    assert certified.ran == []


def test_what_lies_beside_them_goes(certified):
    certified.path("copy.key").write_text("x")
    assert certified.apply() == ""
    assert not certified.path("copy.key").exists()
    assert certified.judge()


def test_a_due_certificate_is_renewed_for_the_same_key(certified, monkeypatch):
    key, before = certified.key(), pem(certified)
    later = utc_now() + timedelta(days=60)
    monkeypatch.setattr(issuing, "utc_now", lambda: later)
    assert certified.apply() == ""
    assert pem(certified) != before
    assert certified.key() == key
    assert certified.apply() == ""
    assert certified.ran == []


def test_what_was_renewed_beforehand_is_put_on_the_host_without_a_secret(
    certified, without_secrets
):
    before, site = pem(certified), certified.desk.site
    (renewed,) = Issuing(site).renew([certified.desk.host], early=True)
    without_secrets()
    assert certified.apply() == ""
    assert pem(certified) != before
    assert certified.judge()
    assert issued(certified)[-1] == renewed


def test_a_host_whose_key_others_may_have_gets_another_key(certified):
    site, before = certified.desk.site, certified.key()["digest"]
    Issuing(site).revoke(certified.desk.host.name, Reason.KEY_COMPROMISE)
    assert certified.apply(module.trusted) == ""
    assert not certified.judge()
    assert certified.apply() == ""
    assert certified.judge()
    assert certified.key()["digest"] != before


def test_a_certificate_that_was_superseded_is_replaced_for_the_same_key(certified):
    site, before = certified.desk.site, certified.key()["digest"]
    Issuing(site).revoke(certified.desk.host.name, Reason.SUPERSEDED)
    assert certified.apply() == ""
    assert certified.apply(module.trusted) == ""
    assert certified.judge()
    assert certified.key()["digest"] == before


def test_a_list_that_is_old_is_made_anew_once(certified, monkeypatch):
    before = certified.path("crl.pem").read_text()
    later = utc_now() + timedelta(days=30)
    monkeypatch.setattr(issuing, "utc_now", lambda: later)
    assert certified.apply(module.trusted, executing=False) == ""
    assert certified.ran
    assert certified.path("crl.pem").read_text() == before
    assert certified.apply(module.trusted) == ""
    assert certified.path("crl.pem").read_text() != before
    assert certified.apply(module.trusted) == ""
    assert certified.ran == []


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_was_cut_off_is_ended_by_the_next(host, number):
    """Before its first command ran, and after the certificate was signed but not brought."""
    host.is_cut = lambda _command: len(host.ran) == number + 1
    assert host.apply() == "cut"
    host.is_cut = None
    assert host.apply() == ""
    assert host.apply(module.trusted) == ""
    assert host.judge()
    assert len(issued(host)) == 1
    assert {path.name for path in host.directory.iterdir()} == {
        *("host.key", "host.pem", "ca.pem", "crl.pem"),
    }


@pytest.mark.parametrize("line", ["belongs", "settle", "install_files"])
def test_a_command_that_dies_halfway_leaves_what_the_next_run_ends(host, line):
    def dies(command):
        if f"\n{line} " not in command and f" {line} " not in command:
            return False
        before, _, _ = command.rpartition(line)
        host.shell(f"{before[: before.rindex(chr(10))]}\nkill -9 $$", host.stdin)
        return True

    host.is_cut = dies
    assert host.apply() == "cut"
    host.is_cut = None
    assert host.apply() == ""
    assert host.apply(module.trusted) == ""
    assert host.judge()


def test_a_new_key_waits_for_its_certificate(certified, monkeypatch):
    """Until it has come, the host's services still find a pair that belongs together."""
    Issuing(certified.desk.site).revoke(certified.desk.host.name, Reason.KEY_COMPROMISE)
    before = (certified.key(), pem(certified))

    def refuse(_self, *_arguments):
        raise UsageError("the secrets are closed")

    with monkeypatch.context() as patched:
        patched.setattr(Issuing, "issue", refuse)
        assert certified.apply() == "ringfence: the secrets are closed\n"
    assert (certified.key(), pem(certified)) == before
    assert certified.apply() == ""
    assert certified.key() != before[0]


def test_a_certificate_of_another_key_is_not_put_beside_the_key(certified):
    held = certified.desk.now()
    certified.desk = replace(held, certificate=held.authority)
    before = pem(certified)
    assert "it is not of the key" in certified.apply()
    assert pem(certified) == before


def test_a_certificate_that_is_not_kept_is_not_held(certified):
    files = register.Files(certified.desk.site.path)
    files.certificate(certified.desk.host.name).write_text("x")
    assert certified.desk.now().certificate == ""
    assert certified.apply() == ""
    assert certified.judge()


def test_private_keys_that_others_may_read_are_closed_and_stay_as_they_are(host):
    place = host.directory.parent
    for name in ("its own.key", "a$b\n.pem", "public.pem"):
        kind = "PUBLIC" if name == "public.pem" else "RSA PRIVATE"
        (place / name).write_text(f"a word before\n-----BEGIN {kind} KEY-----\nMII\n")
        (place / name).chmod(0o644)

    def close():
        commands = []
        with ctx_state.use(SimpleNamespace(is_executing=True)), ctx_host.use(host):
            for command in module.keys_closed._inner(place=str(place)):
                commands.append(command)
                assert host.shell(command.get_raw_value()).returncode == 0
        return commands

    assert len(close()) == 1
    modes = {path.name: path.stat().st_mode & 0o777 for path in place.iterdir()}
    assert modes == {"its own.key": 0o640, "a$b\n.pem": 0o640, "public.pem": 0o644}
    assert close() == []


def test_a_name_that_is_no_utf_8_is_told_and_ends_one_host_alone(host):
    path = host.directory.parent / os.fsdecode(b"\xff.key")
    path.write_text("-----BEGIN PRIVATE KEY-----\nMII\n")
    path.chmod(0o644)
    with ctx_state.use(SimpleNamespace(is_executing=True)), ctx_host.use(host):
        (command,) = module.keys_closed._inner(place=str(host.directory.parent))
    done = host.shell(command.get_raw_value())
    assert done.returncode == 1
    assert "its name is no UTF-8; see to it on the host" in done.stderr


def test_a_plan_names_the_keys_that_would_be_closed(host, monkeypatch):
    path = host.directory.parent / "its own.key"
    path.write_text("-----BEGIN PRIVATE KEY-----\nMII\n")
    path.chmod(0o644)
    told = []
    monkeypatch.setattr(module, "would", lambda kind, **content: told.append((kind, content)))
    with ctx_state.use(SimpleNamespace(is_executing=False)), ctx_host.use(host):
        list(module.keys_closed._inner(place=str(host.directory.parent)))
    ((kind, content),) = told
    assert (kind, content["path"], content["differs"]) == ("file", str(path), False)
    assert (content["found"]["mode"], content["wanted"]["mode"]) == ("0644", "0640")


def test_certificates_that_nothing_declares_are_told_from_authorities(certified):
    place = certified.directory.parent
    for name in ("its own.pem", "a$b\n.pem"):
        (place / name).write_text(f"a word before\n{pem(certified)}")
    (place / "authority.pem").write_text(certified.path("ca.pem").read_text())
    (place / "damaged.pem").write_text("-----BEGIN CERTIFICATE-----\nMII\n")

    def run(paths, remove):
        state = SimpleNamespace(is_executing=True)
        with ctx_state.use(state), ctx_host.use(certified):
            done = list(module.declared._inner(paths=paths, remove=remove, place=str(place)))
        return [certified.shell(command.get_raw_value()).returncode for command in done]

    known = [str(place / "its own.pem"), str(certified.path("host.pem"))]
    assert run([], False) == []
    assert run(known, True) == [0]
    assert {path.name for path in place.iterdir()} == {
        *("pki", "its own.pem", "authority.pem", "damaged.pem"),
    }
    assert run(known, True) == []
    assert len([path for path in certified.store.rglob("*Z") if path.is_file()]) >= 1
