"""The authority of a site: what it keeps, what an interrupted call leaves, what it never shows."""

import dataclasses
import fcntl
import json
import os
import shutil
import ssl
from datetime import timedelta

import pytest
from cryptography import x509

from ringfence.errors import UsageError
from ringfence.pki import folder as authority_folder
from ringfence.pki import issuing as module
from ringfence.pki.authority import Authority, Reason
from ringfence.pki.issuing import KEY, Issuing
from ringfence.pki.keys import key_digest
from ringfence.pki.lifetime import utc_now
from ringfence.secrets import Vault
from ringfence.site import load_site


@pytest.fixture
def site(folder):
    return load_site(folder)


@pytest.fixture
def begun(site):
    """A site with an authority."""
    made = Issuing(site)
    made.begin()
    return made


@pytest.fixture
def server(site):
    return next(iter(site.hosts.values()))


def serials(files):
    revoked = x509.load_pem_x509_crl(files.revoked.read_bytes())
    return {f"{entry.serial_number:x}" for entry in revoked}


def test_the_key_is_among_the_secrets_and_in_no_file_of_the_register(begun, folder):
    key = Vault(folder).secrets()[KEY].get_secret_value()
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
    for path in begun.files.folder.rglob("*"):
        assert b"PRIVATE" not in path.read_bytes()


def test_other_secrets_stay(site, folder):
    Vault(folder).write(b"# ours\nsip_password: 'x y'\n", replacing=None)
    Issuing(site).begin()
    assert Vault(folder).secrets()["sip_password"].get_secret_value() == "x y"
    assert b"# ours" in Vault(folder).read()


def test_a_second_authority_is_refused(begun):
    with pytest.raises(UsageError, match="a second one would end every certificate"):
        begun.begin()


def test_nothing_is_made_where_nobody_could_open_the_secrets(site, folder):
    (folder / "secrets.recipients").unlink()
    with pytest.raises(UsageError, match="names nobody"):
        Issuing(site).begin()
    assert not (folder / "pki").exists()


def test_a_beginning_that_was_interrupted_is_made_again(site, monkeypatch):
    first = Issuing(site)
    monkeypatch.setattr(first.files, "save_authority", lambda _certificate: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        first.begin()
    key = Vault(site.path).secrets()[KEY]
    Issuing(site).begin()
    assert Issuing(site)._authority().certificate
    assert Vault(site.path).secrets()[KEY] == key


def test_an_authority_that_lost_its_certificate_is_not_begun_anew(begun, server, host):
    begun.issue(server, host().request())
    before, key = begun.files.register(), Vault(begun.files.folder.parent).secrets()[KEY]
    begun.files.authority.unlink()
    with pytest.raises(
        UsageError, match=r"authority\.pem is missing, and register\.json .*version"
    ):
        begun.begin()
    assert begun.files.register() == before
    assert Vault(begun.files.folder.parent).secrets()[KEY] == key


def test_an_authority_whose_folder_is_lost_keeps_its_key(begun, site, server, host, meet):
    other = host()
    certificate = begun.issue(server, other.request())
    shutil.rmtree(begun.files.folder)
    again = Issuing(site)
    again.begin()
    authority = again._authority()
    context = other.context(ssl.PROTOCOL_TLS_SERVER, certificate, authority)
    client = other.context(ssl.PROTOCOL_TLS_CLIENT, certificate, authority)
    assert meet(context, client, server.name) == b"hello"


def test_what_is_issued_is_noted_and_kept(begun, server, host):
    certificate = begun.issue(server, host().request())
    (noted,) = begun.files.register().issued
    assert (noted.host, noted.serial) == (server.name, f"{certificate.serial_number:x}")
    assert noted.names == [server.name, server.address]
    kept = x509.load_pem_x509_certificate(begun.files.certificate(server.name).read_bytes())
    assert kept == certificate


def test_nothing_is_noted_of_a_request_that_is_refused(begun, server):
    before = begun.files.register()
    with pytest.raises(UsageError):
        begun.issue(server, b"no request")
    assert begun.files.register() == before


def test_a_revoked_certificate_is_listed_until_it_would_have_ended(begun, server, host):
    begun.issue(server, host().request())
    (gone,) = begun.revoke(server.name, Reason.CESSATION)
    assert serials(begun.files) == {gone.serial}
    assert begun.files.register().issued[0].reason is Reason.CESSATION
    assert begun.files.register().revocations(utc_now() + timedelta(days=91)) == []


def test_a_list_that_an_interrupted_call_left_behind_is_made_anew(begun, server, host, monkeypatch):
    begun.issue(server, host().request())
    with monkeypatch.context() as patched:
        patched.setattr(begun.files, "save_revoked", lambda _list: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            begun.revoke(server.name, Reason.KEY_COMPROMISE)
    assert serials(begun.files) == set()
    begun.issue(server, host().request())
    assert serials(begun.files) == {begun.files.register().issued[0].serial}


def test_numbers_of_lists_only_rise(begun, server, host):
    numbers = [begun.files.register().list_number]
    for _ in range(2):
        begun.issue(server, host().request())
        begun.revoke(server.name, Reason.SUPERSEDED)
        numbers.append(begun.files.register().list_number)
    assert numbers == sorted(set(numbers))


def test_an_old_list_is_made_anew(begun, server, host, monkeypatch):
    before = begun.files.revoked.read_bytes()
    begun.issue(server, host().request())
    assert begun.files.revoked.read_bytes() == before
    monkeypatch.setattr(module, "LIST_RENEWED_FROM_DAY", 0)
    begun.issue(server, host().request())
    assert begun.files.revoked.read_bytes() != before


def test_who_has_no_certificate_that_counts_has_none_to_revoke(begun, server, host):
    begun.issue(server, host().request())
    begun.revoke(server.name, Reason.SUPERSEDED)
    with pytest.raises(UsageError, match="no certificate of that host or serial counts"):
        begun.revoke(server.name, Reason.SUPERSEDED)


def test_the_latest_certificate_of_a_host_tells_when_it_is_due(begun, server, host):
    begun.issue(server, host().request())
    begun.issue(server, host().request())
    latest, now = begun.files.register().latest()[server.name], utc_now()
    assert latest == begun.files.register().issued[1]
    states = [latest.state(now + timedelta(days=days, hours=1)) for days in (0, 60, 90)]
    assert states == ["good", "due", "ended"]


def test_a_register_that_is_lost_or_damaged_is_told_and_not_begun_anew(begun, server, host):
    path = begun.files.folder / "register.json"
    path.write_text('{"list_number": -1, "issued": []}')
    with pytest.raises(UsageError, match=r"register\.json: list_number: .*version control"):
        begun.issue(server, host().request())
    path.unlink()
    with pytest.raises(UsageError, match=r"register\.json is missing; take it from version"):
        begun.issue(server, host().request())
    assert not path.exists()


def test_the_lock_is_given_back_though_the_folder_is_closed_later(begun, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(authority_folder.os, "close", lambda _descriptor: None)
        with begun.files.locked():
            pass
    descriptor = os.open(begun.files.folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


def test_a_site_without_an_authority_issues_nothing(site, server, host):
    with pytest.raises(UsageError, match="no authority yet; `ringfence pki init` makes it"):
        Issuing(site).issue(server, host().request())


def test_what_is_held_for_a_host_is_its_latest_certificate(begun, server, host):
    assert begun.held(server).certificate == ""
    first, second = (begun.issue(server, host().request()) for _ in range(2))
    held = begun.held(server)
    assert x509.load_pem_x509_certificate(held.certificate.encode()) == second != first
    assert held.key == key_digest(second)
    assert held.authority.encode() == begun.files.authority.read_bytes()
    assert x509.load_pem_x509_crl(held.revoked.encode()).is_signature_valid(
        x509.load_pem_x509_certificate(held.authority.encode()).public_key()
    )


def test_a_certificate_that_is_due_revoked_or_lost_is_not_held(begun, server, host, monkeypatch):
    begun.issue(server, host().request())
    assert begun.held(server).certificate
    with monkeypatch.context() as patched:
        later = utc_now() + timedelta(days=60)
        patched.setattr(module, "utc_now", lambda: later)
        assert begun.held(server).certificate == ""
    begun.revoke(server.name, Reason.SUPERSEDED)
    assert begun.held(server).certificate == ""
    begun.issue(server, host().request())
    begun.files.certificate(server.name).unlink()
    assert begun.held(server).certificate == ""


def test_a_certificate_of_another_authority_is_not_held(begun, server, host):
    begun.issue(server, host().request())
    begun.files.save_authority(Authority.new("other", utc_now()).certificate)
    assert begun.held(server).certificate == ""


def test_a_host_with_another_address_needs_another_certificate(begun, server, host):
    begun.issue(server, host().request())
    moved = dataclasses.replace(
        server, entry=server.entry.model_copy(update={"address": "192.0.2.99"})
    )
    assert begun.held(moved).certificate == ""
    (renewed,) = begun.renew([moved])
    assert renewed.names == [server.name, "192.0.2.99"]
    assert begun.held(moved).certificate


def test_what_is_due_is_renewed_for_the_same_key(begun, server, host, monkeypatch, meet):
    other = host()
    begun.issue(server, other.request())
    assert begun.renew([server]) == []
    later = utc_now() + timedelta(days=60)
    monkeypatch.setattr(module, "utc_now", lambda: later)
    (renewed,) = begun.renew([server])
    assert renewed.begins > begun.files.register().issued[0].begins
    assert renewed.key == begun.files.register().issued[0].key
    assert begun.renew([server]) == []


def test_who_never_had_a_certificate_or_lost_it_is_not_renewed(begun, server, host):
    assert begun.renew([server], early=True) == []
    begun.issue(server, host().request())
    begun.revoke(server.name, Reason.SUPERSEDED)
    assert begun.renew([server], early=True) == []


def test_a_key_that_others_may_have_is_certified_no_more(begun, server, host):
    other = host()
    begun.issue(server, other.request())
    begun.revoke(server.name, Reason.KEY_COMPROMISE)
    with pytest.raises(UsageError, match="others may have the key: make another"):
        begun.issue(server, other.request())
    assert begun.issue(server, host().request())


def test_a_key_of_another_host_is_not_certified(begun, site, server, host):
    shared = host()
    begun.issue(server, shared.request())
    other = next(one for one in site.hosts.values() if one != server)
    with pytest.raises(UsageError, match=f"the request's key is that of {server.name}"):
        begun.issue(other, shared.request())
    assert begun.held(other).known_keys == set()
    assert begun.issue(server, shared.request())


def test_a_host_knows_its_former_keys_but_those_that_others_may_have(begun, server, host):
    first, second = host(), host()
    keys = [key_digest(begun.issue(server, one.request())) for one in (first, second)]
    assert begun.held(server).known_keys == set(keys)
    begun.revoke(f"{begun.files.register().issued[0].serial}", Reason.KEY_COMPROMISE)
    assert begun.held(server).known_keys == {keys[1]}


def test_a_list_is_due_from_its_thirtieth_day_on(begun, server, monkeypatch):
    made = utc_now()
    assert not begun.held(server).list_is_due
    day = made.replace(hour=0, minute=0, second=0) + timedelta(days=30)
    monkeypatch.setattr(module, "utc_now", lambda: day - timedelta(seconds=1))
    assert not begun.held(server).list_is_due
    monkeypatch.setattr(module, "utc_now", lambda: day)
    assert begun.held(server).list_is_due
    begun.renew([])
    assert not begun.held(server).list_is_due


def test_a_list_of_another_number_than_the_registers_is_due(begun, server, host, monkeypatch):
    begun.issue(server, host().request())
    with monkeypatch.context() as patched:
        patched.setattr(begun.files, "save_revoked", lambda _list: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            begun.revoke(server.name, Reason.KEY_COMPROMISE)
    assert begun.held(server).list_is_due


def test_telling_what_is_held_writes_nothing_and_opens_no_secret(begun, server, monkeypatch):
    monkeypatch.setattr(module.Vault, "secrets", lambda _self: 1 / 0)
    before = {path: path.stat().st_mtime_ns for path in begun.files.folder.rglob("*")}
    begun.held(server)
    assert before == {path: path.stat().st_mtime_ns for path in begun.files.folder.rglob("*")}


def test_an_older_register_without_digests_of_keys_is_read(begun, server, host):
    begun.issue(server, host().request())
    path = begun.files.folder / "register.json"
    content = json.loads(path.read_text())
    del content["issued"][0]["key"]
    path.write_text(json.dumps(content))
    assert begun.held(server).certificate
    assert begun.renew([server], early=True)
