"""lab.yml: which hosts of a site the lab plays, and how."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.site.hosts import HostsFile
from ringfence.site.lab_file import Kind, LabFile, LabHost, LabInbox
from ringfence.site.loader import Document
from ringfence.site.problems import Problem, SiteError, nearest
from ringfence.site.validation import read_model


@dataclass(frozen=True)
class PlannedHost:
    """One host of the lab with its address."""

    name: str
    address: IPv4Address
    settings: LabHost

    @property
    def kind(self) -> Kind:
        """Machine or container."""
        return self.settings.kind

    @property
    def memory(self) -> int:
        """A machine's memory in MiB."""
        return self.settings.memory or 640


@dataclass(frozen=True)
class LabPlan:
    """What a site's lab.yml and hosts.yml ask for."""

    site: Path
    name: str
    network: IPv4Network
    hosts: dict[str, PlannedHost]
    inbox: LabInbox | None = None

    @property
    def bridge_address(self) -> str:
        """The last address of the network is this machine's, as seen by containers alone."""
        return f"{self.network.broadcast_address - 1}/{self.network.prefixlen}"

    @property
    def addresses(self) -> dict[str, str]:
        """Name to address of every host."""
        return {name: str(host.address) for name, host in self.hosts.items()}

    def interface(self, host: PlannedHost) -> IPv4Interface:
        """Return a host's address with the network's prefix length."""
        return IPv4Interface(f"{host.address}/{self.network.prefixlen}")

    def select(self, names: list[str] | tuple[str, ...] | None) -> list[PlannedHost]:
        """Return the named hosts, or all. Raises UsageError with the nearest name."""
        for name in names or ():
            if name not in self.hosts:
                raise UsageError(f"the lab has no host {name!r}{nearest(name, self.hosts)}")
        return [host for host in self.hosts.values() if not names or host.name in names]


def load_lab(site: Path) -> LabPlan:
    """Read lab.yml and, for the addresses, hosts.yml of a site.

    Raises SiteError with every problem, UsageError when the site has no lab.
    """
    if not site.is_dir():
        raise UsageError(f"{site} is not a folder; SITE is a site's folder such as inventories/lab")
    if not (site / "lab.yml").exists():
        raise UsageError(f"{site} has no lab.yml, so it has no lab; inventories/lab shows one")
    lab, lab_document, problems = read_model(LabFile, site / "lab.yml", str(site / "lab.yml"))
    known, _, more = read_model(HostsFile, site / "hosts.yml", str(site / "hosts.yml"))
    problems = [*problems, *more]
    if lab and known:
        problems += check_addresses(lab, known, lab_document)
    if problems or not lab or not known:
        raise SiteError(problems)
    hosts = {
        name: PlannedHost(name, IPv4Address(known.hosts[name].address), settings)
        for name, settings in lab.hosts.items()
    }
    return LabPlan(site.resolve(), lab.name, IPv4Network(lab.network), hosts, lab.inbox)


def check_addresses(lab: LabFile, known: HostsFile, document: Document) -> list[Problem]:
    """Return what is wrong between lab.yml and hosts.yml, and what the model can't say alone."""
    network = IPv4Network(lab.network)
    taken: dict[IPv4Address, str] = {}
    problems = []
    for name, settings in lab.hosts.items():
        if settings.kind == "container":
            for key in ("memory", "disks", "kernel_line"):
                if getattr(settings, key):
                    message = f"a container has no {key} of its own; only a machine has"
                    problems.append(document.problem(("hosts", name, key), message, key=True))
        if name not in known.hosts:
            message = f"hosts.yml has no host {name!r}{nearest(name, known.hosts)}"
            problems.append(document.problem(("hosts", name), message, key=True))
            continue
        message = _address_problem(known.hosts[name].address, network, taken, name)
        if message:
            problems.append(document.problem(("hosts", name), message, key=True))
    return problems


def _address_problem(
    text: str, network: IPv4Network, taken: dict[IPv4Address, str], name: str
) -> str:
    try:
        address = IPv4Address(text)
    except ValueError:
        return f"its address in hosts.yml, {text}, must be an IPv4 address in {network}"
    if address not in network or address in (network.network_address, network.broadcast_address):
        return f"its address in hosts.yml, {address}, is not a host's address in {network}"
    if address == network.broadcast_address - 1:
        return f"its address in hosts.yml, {address}, is the one the lab keeps for this machine"
    if address in taken:
        return f"its address in hosts.yml, {address}, is also that of {taken[address]!r}"
    taken[address] = name
    return ""
