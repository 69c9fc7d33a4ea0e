"""One packet filter by the flows of the site: both directions, both families (FW-01 to FW-07)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files, nftables, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.nftables import Declared
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import Intent, intent
from ringfence.site.flows import INTERNET, HostRules, host_rules, ssh_port
from roles.firewall import lines

RULES = "/etc/nftables.conf"
DROP_INS = f"{systemd.UNIT_DIRECTORY}/nftables.service.d"
FORWARDING = "/etc/sysctl.d/zz-ringfence-forwarding.conf"
OTHER_MANAGERS = (
    *("ufw.service", "firewalld.service", "netfilter-persistent.service"),
    *("iptables.service", "ip6tables.service", "shorewall.service", "shorewall6.service"),
    *("ferm.service", "docker.service", "docker.socket"),
)
OVERRIDES = [
    "/etc/systemd/system/nftables.service",
    *(path for path in systemd.drop_in_directories("nftables.service") if path != DROP_INS),
]


@deploy("firewall")
def apply() -> None:
    """Apply FW-01 to FW-07; nothing is touched unless this run's own connection may stay."""
    wanted = intent()
    rules = host_rules(wanted.site, wanted.host)
    templates = wanted.site.house.templates_dir("firewall")
    port = ssh_port(wanted.site)
    admitted = [rule.sources for rule in rules.inbound if rule.covers("tcp", port)]

    packages.installed(name="FW-01 nftables is installed", names=["nftables"])
    nftables.admitted(
        name="FW-01 The rules of the site admit the address that this run comes from",
        networks=[source for sources in admitted for source in sources if source != INTERNET],
        outside_of=list(rules.addresses) if (INTERNET,) in admitted else None,
        port=port,
    )
    files.tree(
        name="FW-06 The rules, readable by root alone, and how they are loaded at boot",
        directories=[Directory(path=DROP_INS, exclusive=True)],
        files=[
            File(
                path=RULES,
                content=_rules_file(wanted, rules),
                mode="0600",
                shown=True,
                validators=[("nft", "-c", "-f", files.STAGE)],
            ),
            File(path=f"{DROP_INS}/ringfence.conf", content=render(templates, "ringfence.conf")),
            File(
                path=FORWARDING,
                content=render(templates, "forwarding.conf", value=int(rules.is_gateway)),
            ),
        ],
        absent=OVERRIDES,
    )
    nftables.loaded(
        name="FW-01 The kernel filters by these rules and by no others",
        path=RULES,
        family="inet",
        table="ringfence",
        kept_sets=["banned4", "banned6", "banned_long4", "banned_long6"],
    )
    nftables.forwarding(
        name="FW-03 Packets are passed on by gateways alone", enabled=rules.is_gateway
    )
    systemd.services(
        name="FW-06 The rules are loaded at boot, and nothing else manages rules",
        services=[
            *(Service(unit=unit, running=False, enabled=False) for unit in OTHER_MANAGERS),
            Service(unit="nftables.service"),
        ],
    )
    nftables.listeners(
        name="FW-04 Services that nothing declares don't listen",
        declared=_declared(wanted, rules),
        stop=wanted.settings("firewall").stop_undeclared,
    )


def _rules_file(wanted: Intent, rules: HostRules) -> str:
    settings = wanted.settings("firewall")
    return render(
        wanted.site.house.templates_dir("firewall"),
        "nftables.conf",
        inbound=lines.lines(rules.inbound, rules.addresses),
        outbound=lines.lines(rules.outbound, rules.addresses),
        forwarded=lines.lines(rules.forwarded, rules.addresses),
        from_the_site=lines.from_addresses(rules.addresses),
        is_gateway=rules.is_gateway,
        is_pbx=wanted.host.in_group("pbx"),
        sip=settings.sip,
        dhcp=settings.dhcp,
        log_per_second=settings.log_per_second,
        log_burst=settings.log_burst,
    )


def _declared(wanted: Intent, rules: HostRules) -> list[Declared]:
    """Return what may listen: what a flow leads to, sshd, and what the policy declares."""
    settings = wanted.settings("firewall")
    port = ssh_port(wanted.site)
    declared = [Declared(protocol="tcp", ports=(port, port), process="sshd")]
    declared += [Declared(protocol=r.protocol, ports=r.ports) for r in rules.inbound]
    if settings.dhcp:
        declared += [Declared(protocol="udp", ports=(p, p)) for p in (68, 546)]
    for entry in settings.listeners:
        if any(wanted.host.in_group(group) for group in entry.groups):
            first, _, last = entry.port.partition("-")
            declared.append(
                Declared(
                    protocol=entry.protocol,
                    ports=(int(first), int(last or first)),
                    process=entry.process,
                    loopback_only=entry.address == "loopback",
                )
            )
    return declared
