"""Certificates of hosts: from the site's authority, in time, of a key that nobody else has."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import certificates as pki
from ringfence.verify.probes import closed_files, shown_certificates, wire_words

LEAST_DAYS = 30  # PCI DSS 4.2.1.1 and the catalogue: time enough to renew
MOST_DAYS = 91
STRONG = r"^(P-(256|384|521)|RSA (2048|3072|[4-9]\d{3}))$"
OWN = ("ca.pem", "crl.pem", "host.key", "host.pem")
CHANGED_BY_ROOT = r" root:root [0-7]?[0-7][0145][0145]$"
CLOSED = r" root:root [0246]00$"


@pytest.fixture
def authority(site):
    """The certificate of the site's authority, as the site's folder has it."""
    return pki.authority(site.path)


@pytest.fixture
def certificate(host, expect):
    """The host's certificate; it is there, and alone in its file."""
    found = pki.certificates(host, "host.pem")
    expect("certificates in host.pem", len(found), equals=1)
    return found[0]


@control("TLS-02")
def test_the_host_trusts_the_sites_authority_alone(host, authority, expect):
    found = [one.sha256 for one in pki.certificates(host, "ca.pem")]
    expect("fingerprints of trusted authorities", found, equals=[authority.sha256])


@control("TLS-02")
def test_the_sites_authority_issued_the_certificate(host, authority, certificate, expect):
    expect("signed by the site's authority", certificate.is_signed_by(authority), equals=True)
    for purpose in ("sslserver", "sslclient"):
        expect(f"OpenSSL's verdict as {purpose}", pki.verdict(host, purpose), equals="OK")


@control("TLS-02")
def test_the_certificate_is_in_the_sites_register(site, declared, certificate, expect):
    entry = pki.noted(site.path).get(certificate.sha256)
    owner = "nobody" if entry is None else entry.host
    expect("whom the register names for the certificate", owner, equals=declared.name)
    expect("revoked", entry.is_revoked, equals=False)


@control("TLS-02")
def test_the_certificate_names_the_host_alone(declared, certificate, expect):
    wanted = {declared.name, declared.address}
    expect("names in the certificate", set(certificate.names), equals=wanted)


@control("TLS-02")
def test_the_certificate_lasts_long_enough_and_not_too_long(host, certificate, expect):
    now = pki.now(host)
    begun = (now - certificate.begins) / pki.DAY
    expect("days since it began to count", round(begun, 1), at_least=0)
    left = (certificate.ends - now) / pki.DAY
    expect("days left", round(left, 1), at_least=LEAST_DAYS)
    whole = (certificate.ends - certificate.begins) / pki.DAY
    expect("days for which it was made", round(whole, 1), at_most=MOST_DAYS)


@control("TLS-02")
def test_the_certificate_is_of_the_hosts_key(host, certificate, expect):
    found = pki.key_digest(host)
    expect("public half of the key in host.key", found, equals=certificate.key_sha256)


@control("TLS-02")
def test_the_key_of_the_certificate_is_strong(certificate, expect):
    expect("key", certificate.key, matches=STRONG)


@control("TLS-02")
def test_only_root_reads_the_hosts_key(host, expect):
    found = closed_files.status(host, [f"{pki.PLACE}/host.key"])
    expect("keys of the host", len(found), equals=1)
    expect("kind of the key's file", found[0].kind, equals="regular file")
    expect("owner and mode of", str(found[0]), matches=CLOSED)
    opened = closed_files.readable_to_an_outsider(host, [found[0].path])
    expect("keys that nobody could open", opened, nothing=True)


@control("TLS-02")
def test_only_root_changes_what_services_trust(host, expect):
    paths = [pki.PLACE, *(f"{pki.PLACE}/{name}" for name in OWN)]
    found = closed_files.status(host, paths)
    expect("files that services trust", [file.path for file in found], includes=paths)
    for file in found:
        expect("owner and mode of", str(file), matches=CHANGED_BY_ROOT)
        expect(f"kind of {file.path}", file.kind, matches="^(regular file|directory)$")


@control("TLS-02")
def test_nothing_lies_beside_the_key_and_its_certificate(host, expect):
    found = pki.members(host)
    expect("files beside the certificate", found, within=OWN)
    expect("files that services need", found, includes=OWN)


@control("TLS-02")
def test_private_keys_are_closed_to_others(host, expect):
    expect("files with private keys that others may use", pki.open_keys(host), nothing=True)


@control("TLS-02")
def test_the_host_knows_whom_the_authority_revoked(host, site, authority, expect):
    signer, serials, ends = pki.revocations(host, authority)
    expect("who signed the list of revoked certificates", signer, equals="the site's authority")
    now = pki.now(host)
    left = (ends - now) / pki.DAY
    expect("days for which the list still counts", round(left, 1), at_least=LEAST_DAYS)
    known = pki.noted(site.path).values()
    wanted = {one.serial for one in known if one.is_revoked and one.ends > now}
    expect("serials of revoked certificates", serials, includes=wanted)


@control("TLS-02")
def test_every_certificate_is_declared(host, policy, declared, expect):
    entries = policy.pki.certificates
    allowed = [e.path for e in entries if any(declared.in_group(group) for group in e.groups)]
    found = [path for path, _ in pki.of_services(host)]
    expect("files with a certificate of another authority", found, within=allowed)


@control("TLS-02")
def test_every_certificate_lasts_and_has_a_strong_key(host, expect):
    now, own = pki.now(host), pki.certificates(host, "host.pem")
    found = [*(("host.pem", one) for one in own), *pki.of_services(host)]
    expect("certificates of the host and its services", len(found), at_least=1)
    for path, one in found:
        expect(f"days left of {path}", round((one.ends - now) / pki.DAY, 1), at_least=LEAST_DAYS)
        expect(f"key of {path}", one.key, matches=STRONG)


# On the wire


@pytest.fixture
def shown(host, expect):
    """What each service of the host that speaks TLS to others shows, with the service's name."""
    services = wire_words.services(host)
    expect("services that other hosts reach", len(services), at_least=1)
    with_tls = [one for one in services if one.kind == "tls" or one.versions]
    if not with_tls:
        not_applicable("no service that other hosts reach speaks TLS")
    found = {str(one): shown_certificates.shown_by(host, one) for one in with_tls}
    silent = [name for name, certificate in found.items() if certificate is None]
    expect("services of TLS that show no certificate", silent, nothing=True)
    return found


@control("TLS-02")
def test_services_show_certificates_that_last(host, shown, expect):
    now = pki.now(host)
    for service, certificate in shown.items():
        left = (certificate.ends - now) / pki.DAY
        expect(f"days left of what {service} shows", round(left, 1), at_least=LEAST_DAYS)


@control("TLS-02")
def test_services_show_the_hosts_certificate_or_a_declared_one(
    host, policy, declared, shown, expect
):
    places = {
        entry.path
        for entry in policy.pki.certificates
        if any(declared.in_group(group) for group in entry.groups)
    }
    found = [*pki.certificates(host, "host.pem")]
    found += [certificate for path, certificate in pki.of_services(host) if path in places]
    known = {certificate.sha256 for certificate in found}
    others = [
        f"{service}: {', '.join(certificate.names)}"
        for service, certificate in shown.items()
        if certificate.sha256 not in known
    ]
    expect(f"services with another certificate, of {len(shown)}", others, nothing=True)
