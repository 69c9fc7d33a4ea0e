"""Who would stand outside: sshd, the firewall, keys and the bastion fight over the way in."""

from collections.abc import Iterator

from ringfence.site.flows import ssh_port
from ringfence.site.hosts import Host
from ringfence.site.lints.lint import Lint, Subject, listed, warns
from ringfence.site.lints.paths import admits, lies_in, ways_to_sshd
from ringfence.site.policy import DeployKey
from ringfence.site.problems import Problem, shown
from ringfence.site.section import as_ip


def no_way_in(subject: Subject) -> Iterator[Problem]:
    """Neither a flow nor an administration address leads to a host's sshd.

    The firewall would lock everybody out, Ringfence too; an apply refuses to load it.
    """
    if not subject.hosts_with("firewall") or subject.settings("firewall").administration:
        return
    for host in subject.hosts_with("firewall"):
        if host.ssh.via is None and not any(ways_to_sshd(subject, host)):
            message = (
                f"nothing leads to {ssh_port(subject.site)}/tcp of {host.name}: add a flow to one "
                "of its groups, or the addresses that Ringfence comes from to "
                "firewall.administration of policy.yml"
            )
            yield subject.in_hosts(("hosts", host.name), message, key=True)


def hop_shut_out(subject: Subject) -> Iterator[Problem]:
    """A host is reached through another one (`via`), which the firewall doesn't let in.

    Ringfence could no longer reach the host; an apply refuses to load the firewall there.
    """
    for host, hop in _hops(subject, "firewall"):
        if not admits(subject, host, hop):
            message = (
                f"{host.name} is reached through {hop.name}, and no flow leads from there to "
                f"{ssh_port(subject.site)}/tcp: add one to policy.yml, between their groups"
            )
            yield subject.in_hosts(("hosts", host.name, "ssh", "via"), message)


def key_refused_from_hop(subject: Subject) -> Iterator[Problem]:
    """A host is reached through another one, from whose address no key is accepted.

    `sources` of the keys become `from=` in authorized_keys, and the connection comes from the hop.
    """
    kinds = [("deploy_access", subject.site.policy.deploy_access)]
    if subject.site.hosts_file.verify is not None:
        kinds.append(("verify_access", subject.site.policy.verify_access))
    for section, keys in kinds:
        for hop in {hop.name: hop for _, hop in _hops(subject, "ssh")}.values():
            if keys and not any(_accepted_from(key, hop) for key in keys):
                beyond = [host.name for host, way in _hops(subject, "ssh") if way is hop]
                message = (
                    f"{hop.name} is the way to {listed(beyond)}, and none of these keys is "
                    f"accepted from there: add {hop.address} to `sources`"
                )
                yield subject.in_policy((section,), message, key=True)


def people_shut_out(subject: Subject) -> Iterator[Problem]:
    """People are admitted to hosts, and no flow leads there from a bastion.

    Their keys are accepted from the bastions' addresses alone, so they can't log in at all. A host
    that Ringfence reaches through a bastion is told of as `hop-shut-out`.
    """
    bastions = subject.site.groups.get("bastion", [])
    if not bastions:
        return
    hops = [bastion.name for bastion in bastions]
    shut = [
        host
        for host in subject.hosts_with("firewall")
        if not host.in_group("bastion")
        and host.ssh.via not in hops
        and subject.admitted(host)
        and not any(admits(subject, host, bastion) for bastion in bastions)
    ]
    if shut:
        message = (
            f"people may log in to {listed([host.name for host in shut])}, and no flow leads there "
            f"from bastion: add one to {ssh_port(subject.site)}/tcp"
        )
        yield subject.in_policy(("flows",), message, key=True)


def bastion_shut(subject: Subject) -> Iterator[Problem]:
    """People are admitted to a bastion that only bastions can reach.

    It is their only way in, so nobody can work on any host.
    """
    settings = subject.settings("firewall")
    for host in subject.hosts_with("firewall"):
        if not host.in_group("bastion") or not subject.admitted(host):
            continue
        sources = {flow.source for flow in ways_to_sshd(subject, host)}
        if sources == {"bastion"} and not settings.administration:
            message = (
                f"people may log in to {host.name}, and no flow leads there but from bastion: add "
                f"one from internet, or from a group, to {ssh_port(subject.site)}/tcp"
            )
            yield subject.in_policy(("flows",), message, key=True)


def no_bastion(subject: Subject) -> Iterator[Problem]:
    """People are admitted to hosts, and the site has no bastion.

    Without one their keys are accepted from anywhere, and nobody is asked for a second factor
    (PCI DSS 8.4.2).
    """
    if subject.site.groups.get("bastion"):
        return
    hosts = [h.name for h in subject.hosts_with("ssh") if subject.admitted(h)]
    if hosts:
        message = (
            f"people may log in to {listed(hosts)} from anywhere and without a second factor, for "
            "no host is in the group bastion: put one there, the only way in"
        )
        yield subject.in_policy(("access",), message, key=True)


def ssh_port_differs(subject: Subject) -> Iterator[Problem]:
    """sshd will listen on one port, and Ringfence comes to another.

    The guard's new login finds nobody there, so each apply is taken back. A `port` in hosts.yml is
    trusted: it may be translated on the way (NAT).
    """
    port, default = ssh_port(subject.site), subject.site.hosts_file.ssh
    if default.config_file is not None or default.port is not None or port == 22:
        return
    hosts = [host.name for host in subject.hosts_with("ssh") if host.ssh.port == 22]
    hosts = [name for name in hosts if subject.site.hosts[name].entry.ssh.port is None]
    if hosts:
        message = (
            f"{port} is where sshd will listen, and Ringfence comes to 22 of {listed(hosts)}: let "
            f"sshd listen on {port} too, and write `port: {port}` under ssh in hosts.yml"
        )
        yield subject.in_policy(("ssh", "port"), message)


def flow_to_a_former_ssh_port(subject: Subject) -> Iterator[Problem]:
    """A flow leads to port 22, and sshd listens on another.

    Nothing serves the flow, and whoever comes by it stands outside.
    """
    port, settings = ssh_port(subject.site), subject.settings("firewall")
    if port == 22 or settings is None or not subject.hosts_with("ssh"):
        return
    if any(entry.port == "22" and entry.protocol == "tcp" for entry in settings.listeners):
        return
    for index, flow in enumerate(subject.site.policy.flows):
        if (flow.port, flow.protocol) == ("22", "tcp") and flow.destination != "internet":
            message = f"{shown(22)} is served by nothing: sshd listens on {port} (ssh.port)"
            yield subject.in_policy(("flows", index, "port"), f"{message}; write {port}")


def _hops(subject: Subject, role: str) -> Iterator[tuple[Host, Host]]:
    """Yield the hosts with a role that are reached through another one, and that one."""
    for host in subject.hosts_with(role):
        if host.ssh.via is not None:
            yield host, subject.site.hosts[host.ssh.via]


def _accepted_from(key: DeployKey, hop: Host) -> bool:
    """Whether a key is accepted from a hop; which address a DNS name has isn't known here."""
    return not key.sources or as_ip(hop.address) is None or lies_in(hop.address, key.sources)


LINTS: list[Lint] = [
    warns(no_way_in),
    warns(hop_shut_out),
    warns(key_refused_from_hop),
    warns(people_shut_out),
    warns(bastion_shut),
    warns(no_bastion),
    warns(ssh_port_differs),
    warns(flow_to_a_former_ssh_port),
]
