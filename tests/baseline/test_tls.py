"""What services speak to other hosts: TLS, which, and whom they let in; nothing in the clear."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import mutual_tls, sender_trust, wire_words
from ringfence.verify.probes.listening_sockets import listening
from ringfence.verify.probes.mutual_tls import Link

OLD = {"SSL 3.0", "TLS 1.0", "TLS 1.1"}
IN_THE_CLEAR = {21, 23, 69, 79, 111, 161, 512, 513, 514}
LINKED = ("log_collector", "backup_server", "database")
"""Groups whose hosts take logs, backups and data."""


@pytest.fixture
def services(host, expect):
    """The services that other hosts reach; each was asked what it speaks."""
    found = wire_words.services(host)
    unasked = [str(service) for service in found if service.kind == "closed"]
    expect(f"services that could not be asked, of {len(found)}", unasked, nothing=True)
    return found


@pytest.fixture
def with_tls(services, expect):
    """Those of them that speak TLS, from the first byte or later."""
    found = [service for service in services if service.kind == "tls" or service.versions]
    if not found:
        not_applicable("no service of the host speaks TLS to others")
    for service in found:
        modern = wire_words.MODERN.intersection(service.versions)
        expect(f"TLS 1.2 or 1.3 that {service} takes", modern, differs_from=set())
    return found


# TLS-01


@control("TLS-01")
def test_openssl_by_itself_takes_no_old_tls(host, expect):
    found = wire_words.by_default(host)
    expect("TLS that OpenSSL takes by itself", found.versions, within=wire_words.MODERN)
    expect("TLS that OpenSSL takes by itself", found.versions, includes=wire_words.MODERN)


@control("TLS-01")
def test_no_service_takes_old_tls(with_tls, expect):
    for service in with_tls:
        expect(f"TLS that {service} takes", service.versions, within=wire_words.MODERN)


@control("TLS-01")
def test_services_take_suites_with_fresh_keys_and_authenticated_encryption_alone(with_tls, expect):
    for service in with_tls:
        expect(f"weak suites of TLS 1.2 that {service} takes", service.weak, nothing=True)


# TLS-03


@control("TLS-03")
def test_no_package_of_a_protocol_in_the_clear_is_installed(host, policy, declared, expect):
    lines = host.check_output("dpkg-query -W -f=%s", "${db:Status-Status} ${Package}\\n")
    found = {line.split()[1] for line in lines.splitlines() if line.startswith("installed ")}
    expect("installed packages", len(found), at_least=1)
    extra = sorted(found.intersection(policy.tls.unwanted_packages(declared)))
    expect("packages of protocols in the clear", extra, nothing=True)


@control("TLS-03")
def test_nothing_listens_at_the_port_of_a_protocol_in_the_clear(host, policy, declared, expect):
    borne = policy.tls.borne(declared)
    sockets = listening(host)
    expect("sockets that listen", len(sockets), at_least=1)
    extra = [
        str(socket)
        for socket in sockets
        if socket.port in IN_THE_CLEAR
        and (socket.protocol, socket.port) not in borne
        and not (socket.address.startswith("127.") or socket.address == "::1")
    ]
    expect("what listens at ports of protocols in the clear", extra, nothing=True)


@control("TLS-03")
def test_no_service_speaks_in_the_clear_to_others(services, policy, declared, expect):
    borne = policy.tls.borne(declared)
    extra = [
        service.spoken
        for service in services
        if service.kind in {"clear", "silent"} and ("tcp", service.port) not in borne
    ]
    expect(f"services in the clear, of {len(services)}", extra, nothing=True)


# TLS-04


@pytest.fixture
def links(host, site, policy, declared, expect):
    """Where the host takes logs, backups or data by the site's flows, and something listens."""
    flows = [
        flow
        for flow in policy.flows
        if flow.destination in LINKED
        and declared.in_group(flow.destination)
        and flow.protocol == "tcp"
    ]
    ports = {s.port for s in listening(host) if s.protocol == "tcp"} - {policy.ssh.port}
    wanted = sorted({p for p in ports for flow in flows if flow.ports[0] <= p <= flow.ports[1]})
    if not wanted and not declared.in_group("log_collector"):
        not_applicable("nothing listens where a flow brings logs, backups or data")
    expect("ports at which logs, backups or data are taken", wanted, differs_from=[])
    return [Link.of(port, policy.logging.port) for port in wanted]


@pytest.fixture
def asked(host, site, declared):
    """Ask whether somebody is let in at a link, in the name of a host that may be."""
    return lambda link, whom: mutual_tls.outcome(host, declared.address, link, declared.name, whom)


@control("TLS-04")
def test_a_link_lets_the_sites_hosts_in(links, asked, expect):
    for link in links:
        expect(f"the host at port {link.port}", asked(link, "the host"), equals="let in")


@control("TLS-04")
def test_a_link_lets_nobody_in_without_a_certificate(links, asked, expect):
    for link in links:
        expect(f"nobody's try at port {link.port}", asked(link, "nobody"), equals="refused")


@control("TLS-04")
def test_a_link_lets_no_certificate_of_a_strangers_authority_in(links, asked, expect):
    for link in links:
        found = asked(link, "a stranger")
        expect(f"a stranger's try at port {link.port}", found, equals="refused")


@control("TLS-04")
def test_records_are_taken_nowhere_else(host, links, services, asked, expect):
    known = {link.port for link in links}
    others = [s for s in services if s.port not in known and (s.kind == "tls" or s.name == "RELP")]
    expect("services that other hosts reach", len(services), at_least=1)
    for service in others:
        found = asked(Link(service.port, mutual_tls.RELP), "nobody")
        expect(f"nobody's record at port {service.port}", found, equals="refused")


@pytest.fixture
def collector(site):
    """The host to which all hosts send their records."""
    found = [one for one in site.hosts.values() if one.in_group("log_collector")]
    return found[0] if found else not_applicable("the site has no collector")


@pytest.fixture
def sent(host, policy, collector):
    """What the sender does where others answer in the collector's place."""
    return sender_trust.shown_to(host, collector.address, policy.logging.port, collector.name)


@control("TLS-04")
def test_the_sender_gives_records_to_no_stranger(sent, expect):
    expect("what the sender does where a stranger answers", sent["a stranger"], equals="refused")


@control("TLS-04")
def test_the_sender_gives_records_to_no_other_host(declared, collector, sent, expect):
    if declared.name == collector.name:
        not_applicable("here the collector itself answers")
    expect("what the sender does where this host answers", sent["this host"], equals="refused")


@control("TLS-04")
def test_the_sender_gives_records_to_the_collector(declared, collector, sent, expect):
    if declared.name != collector.name:
        not_applicable("the collector's key lies on the collector alone")
    expect("what the sender does where the collector answers", sent["this host"], equals="sent")
