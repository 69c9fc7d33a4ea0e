"""The packet filter: what the kernel lets through, by its rules and by real packets.

Rules are taken from the kernel, in whatever table they stand, and compared with the flows of the
site: what is extra counts like what is missing. Packets are sent through a copy of the rules that
run, between two network namespaces that exist for the moment, and to the other hosts of the site.
"""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import drop_log, filter_management, path_attempts
from ringfence.verify.probes.declared_paths import DeclaredPaths
from ringfence.verify.probes.listening_sockets import listening
from ringfence.verify.probes.packet_rules import PacketRules

BOTH = ["IPv4", "IPv6"]
DIRECTIONS = ["input", "output", "forward"]


@pytest.fixture
def rules(host):
    return PacketRules(host)


@pytest.fixture
def paths(site, declared):
    return DeclaredPaths(site, declared)


@pytest.fixture
def tried(host, paths):
    return path_attempts.through_the_rules(host, paths)


# FW-01: inbound


@control("FW-01")
def test_packets_that_come_in_are_dropped_by_default(rules, expect):
    for version in BOTH:
        policies = rules.policies("input", version)
        expect(f"policies of the chains that see incoming {version}", policies, includes=["drop"])


@control("FW-01")
def test_nothing_leads_in_but_declared_paths(rules, paths, expect):
    expect("openings inwards", rules.openings("input"), within=paths.inbound())


@control("FW-01")
def test_every_declared_path_leads_in(rules, paths, expect):
    expect("openings inwards", rules.openings("input"), includes=paths.inbound())


@control("FW-01")
def test_floods_of_calls_are_shut_out(rules, declared, policy, expect):
    if not declared.in_group("pbx"):
        not_applicable("the host takes no calls: it is in no group pbx")
    wanted = policy.firewall.sip
    for version in BOTH:
        limits = rules.limits_by_source("input", version)
        for port in wanted.ports:
            rates = [rate for ports, rate in limits if port in ports]
            subject = f"new connections a second of one {version} address to port {port}"
            expect(f"limits of {subject}", len(rates), at_least=1)
            expect(subject, min(rates), at_most=wanted.new_per_second)


# FW-02: outbound


@control("FW-02")
def test_packets_that_go_out_are_dropped_by_default(rules, expect):
    for version in BOTH:
        policies = rules.policies("output", version)
        expect(f"policies of the chains that see outgoing {version}", policies, includes=["drop"])


@control("FW-02")
def test_nothing_leads_out_but_declared_paths(rules, paths, expect):
    expect("openings outwards", rules.openings("output"), within=paths.outbound())


@control("FW-02")
def test_every_declared_path_leads_out(rules, paths, expect):
    expect("openings outwards", rules.openings("output"), includes=paths.outbound())


@control("FW-02")
def test_packets_leave_by_declared_paths_alone(tried, paths, expect):
    sent = {a for a, is_open in tried.items() if is_open and a.direction == "out"}
    meant = {
        a for a in tried if a.direction == "out" and paths.lets_out(a.peer, a.protocol, a.port)
    }
    expect(
        "connections tried outwards", len([a for a in tried if a.direction == "out"]), at_least=1
    )
    expect("connections that left and should not", told(sent - meant), nothing=True)
    expect("connections that should leave and did not", told(meant - sent), nothing=True)


# FW-03: forwarding


@control("FW-03")
def test_packets_of_others_are_dropped_by_default(rules, expect):
    for version in BOTH:
        policies = rules.policies("forward", version)
        expect(f"policies of the chains that see {version} of others", policies, includes=["drop"])


@control("FW-03")
def test_nothing_is_passed_on_but_declared_paths(rules, paths, expect):
    expect("openings between others", rules.openings("forward"), within=paths.through())
    expect("openings between others", rules.openings("forward"), includes=paths.through())


@control("FW-03")
def test_the_kernel_passes_packets_on_only_at_a_gateway(host, paths, expect):
    switches = filter_management.forwarding(host)
    on = [name for name, value in switches.items() if value != "0"]
    expect("switches of forwarding", len(switches), at_least=1)
    if paths.is_gateway:
        expect("switches that are on", on, includes=["ipv4/all", "ipv6/all"])
    else:
        expect("switches that are on", on, nothing=True)


@control("FW-03")
def test_the_kernel_will_do_so_after_a_boot(host, paths, expect):
    wanted = "1" if paths.is_gateway else "0"
    found = filter_management.forwarding_at_boot(host)
    for name in ("net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding"):
        expect(f"{name} at boot", found.get(name), equals=wanted)
    differ = sorted(name for name, value in found.items() if value != wanted)
    expect("switches that are set otherwise at boot", differ, nothing=True)


# FW-04: listeners


@control("FW-04")
def test_only_declared_services_listen(host, paths, expect):
    sockets = listening(host)
    expect("sockets that listen", len(sockets), at_least=1)
    extra = [s for s in sockets if not paths.may_listen(s.protocol, s.address, s.port, s.process)]
    expect(f"sockets that nothing declares, of {len(sockets)}", told(extra), nothing=True)


# FW-05: the log of what is dropped


@control("FW-05")
def test_drops_are_logged_within_a_limit(rules, policy, expect):
    most = policy.firewall.log_per_second
    for hook in DIRECTIONS:
        logs = rules.logs(hook)
        expect(f"rules that log in {hook}", len(logs), at_least=1)
        for prefix, limit in logs:
            expect(f"prefix of the log of {hook}", prefix, matches=r"^[A-Z]+DROP $")
            expect(f"limit of the log of {hook}", limit, differs_from=None)
            expect(f"lines a second in the log of {hook}", limit, at_most=most)


@control("FW-05")
def test_a_flood_is_logged_but_not_line_by_line(host, policy, expect):
    if drop_log.in_a_container(host):
        lines, place = drop_log.counted_of_a_flood(host), "for the log of the kernel below"
    else:
        lines, place = drop_log.logged_of_a_flood(host), "in the log"
    limits = policy.firewall
    most = 2 * limits.log_burst + 6 * limits.log_per_second
    expect(f"lines {place} of {drop_log.FLOOD} packets", lines, at_least=1)
    expect(f"lines {place} of {drop_log.FLOOD} packets", lines, at_most=most)


# FW-06: what runs is what was deployed


@control("FW-06")
def test_what_runs_is_what_the_boot_loads(host, expect):
    running = filter_management.running(host)
    loaded = filter_management.loaded_at_boot(host)
    expect("chains and tables that run", len(running), at_least=1)
    for place in sorted(running.keys() | loaded.keys()):
        expect(f"rules of {place}", running.get(place), equals=loaded.get(place))


@control("FW-06")
def test_there_is_one_table_for_filtering(rules, expect):
    expect("tables", len(rules.tables), equals=1)
    expect("hooks at which something is done", rules.hooks(), within=set(DIRECTIONS))


@control("FW-06")
def test_the_rules_are_loaded_at_boot_before_the_network(host, expect):
    unit = filter_management.unit(host)
    expect("nftables.service at boot", unit["UnitFileState"], equals="enabled")
    expect("nftables.service", unit["ActiveState"], equals="active")
    expect("what waits for it", unit["Before"].split(), includes=["network-pre.target"])


@control("FW-06")
def test_stopping_the_service_leaves_the_rules(host, expect):
    unit = filter_management.unit(host)
    expect("what is done when nftables.service stops", unit.get("ExecStop", ""), nothing=True)


@control("FW-06")
def test_only_root_reads_and_changes_the_rules(host, expect):
    paths = filter_management.files(host)
    expect("files that are loaded at boot", len(paths), at_least=1)
    for path in paths:
        shown = host.check_output("stat -L -c '%%U %%a' -- %s", path)
        expect(f"owner and mode of {path}", shown, matches=r"^root [0-7]00$")


@control("FW-06")
def test_nothing_else_manages_rules(host, expect):
    expect("other firewalls", filter_management.other_managers(host), nothing=True)


# FW-07: segmentation


@control("FW-07")
def test_packets_come_in_by_declared_paths_alone(tried, paths, expect):
    came = {a for a, is_open in tried.items() if is_open and a.direction == "in"}
    meant = {a for a in tried if a.direction == "in" and paths.lets_in(a.peer, a.protocol, a.port)}
    expect("connections tried inwards", len([a for a in tried if a.direction == "in"]), at_least=1)
    expect("connections that came in and should not", told(came - meant), nothing=True)
    expect("connections that should come in and did not", told(meant - came), nothing=True)


@control("FW-07")
def test_undeclared_ports_of_other_hosts_are_closed_to_this_one(host, tried, paths, expect):
    outcomes = path_attempts.to_the_peers(host, paths)
    closed = {a: o for a, o in outcomes.items() if not paths.lets_out(a.peer, "tcp", a.port)}
    expect("connections that the site doesn't declare", len(closed), at_least=1)
    # Whether what nobody answered has left, the copy of the rules tells.
    silent = {a for a, o in closed.items() if o == "no answer" and not tried[a]}
    passed = [f"{a}: {o}" for a, o in closed.items() if o != "closed here" and a not in silent]
    expect(f"of {len(closed)} undeclared connections, those that left", passed, nothing=True)


@control("FW-07")
def test_declared_ports_of_other_hosts_are_open_to_this_one(host, site, paths, expect):
    outcomes = path_attempts.to_the_peers(host, paths)
    meant = {
        a: o
        for a, o in outcomes.items()
        if any(
            flow.protocol == "tcp" and paths.lets_out(a.peer, "tcp", a.port)
            for flow in site.policy.flows
        )
        and DeclaredPaths(site, paths.by_address[a.peer]).lets_in(paths.host.address, "tcp", a.port)
    }
    if not meant:
        not_applicable("no flow of the site lets this host open a TCP connection to another")
    # A host that is off answers nothing; the run tells that once, as unreachable.
    wrong = [f"{a}: {o}" for a, o in meant.items() if o not in {"reached", "no answer"}]
    expect(f"of {len(meant)} declared connections, those that were closed", wrong, nothing=True)


def told(found):
    """Return attempts or sockets in words, in order."""
    return sorted(map(str, found))
