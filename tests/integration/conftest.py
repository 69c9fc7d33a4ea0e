"""Real hosts for the tests: one lab with the demo's site, shared by all of them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from ringfence import lab as labs
from roles.system.settings import PRIMARY

from .newcomers import Newcomer

ROOT = Path(__file__).parents[2]
CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
MACHINES = ("recordings1", "pbx1")  # Debian 13 and Debian 12
COLLECTOR = "collector1"
"""The container that takes the logs of the others, where a test asks for it."""
NO_COLLECTOR = {
    "control": "LOG-06",
    "groups": ["all"],
    "reason": "Most tests do without a host that takes logs.",
    "owner": "ana",
    "approved": date(2026, 11, 1),
    "approved_by": "ana",
    "expires": date(2099, 12, 31),
}
FLOWS_TO_THE_BASTION = "{from: agents, to: bastion, port: 123,"
THIS_COMPUTER = "10.77.0.254"
"""The address from which the lab's containers are reached."""
GREEN_FROM_THE_START = {"FW-04", "SSH-05", "SYS-01", "TIM-02", "TLS-01", "TLS-03"}
"""Controls that a stock lab host meets: Debian's minimal system has no listener but sshd, no
person's key that goes past the bastion, nothing that nobody needs, and shows UTC; nothing speaks
old TLS or in the clear."""
WELL_IN_CONTAINERS = {"FIM-02", "SYS-05"}
"""Controls that stock containers meet, which this computer starts, and stock machines don't."""
OF_THE_AUDIT = ("LOG-01", "LOG-02", "LOG-03", "LOG-04", "LOG-05", "ACR-01", "ACR-02")
"""Controls of the kernel's audit, of which a kernel has one."""
OF_A_KERNEL = {"SYS-02", "SYS-03", *OF_THE_AUDIT} - {"LOG-04", "LOG-05"}  # of the journal, too
"""Controls that don't apply in containers at all, whose kernel is this computer's."""
OF_HIGH = {"LOG-03", "LOG-04", "ACR-01", "ACR-02"}
"""Controls of hosts that are classified high: of the lab's only recordings1 is."""
OF_COLLECTORS = {"LOG-07", "LOG-08", "ACR-04"}
"""Controls of hosts that take others' logs."""
OF_SENDERS = {"LOG-06", "TLS-04"}
"""Controls of where a host sends its logs: where it sends none, the second doesn't apply."""
OF_LOGS = ("TLS-01", "TLS-02", *sorted(OF_COLLECTORS | OF_SENDERS))
"""Controls that are proven where a host takes logs."""
OF_BOTH = ("FIM-02", "TIM-01")
"""Controls of which containers show a part alone: machines, which have clocks and boot loaders of
their own, and their server of time show all."""
OF_MACHINES = ("SYS-02", "SYS-03", "SYS-04", "SYS-05", *OF_THE_AUDIT)
"""Controls of the kernel, which is this computer's in containers: proven on machines alone. What of
them a container can have may be well from the start."""

collect_ignore_glob = ["*_role"]  # parts of houses: suites that run against hosts


@dataclass(frozen=True)
class LabSite:
    """A site whose hosts run in the lab, with the house that its commands use."""

    path: Path
    house: Path = ROOT

    def ringfence(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Run the command as an operator does, without a terminal."""
        return subprocess.run(
            [sys.executable, "-c", "from ringfence.cli import main; main()", *arguments],
            capture_output=True,
            text=True,
            cwd=self.house,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=False,
            **options,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which commands use this house, and can open the lab's secrets."""
        key = str(self.path / ".lab/id_ed25519")  # whatever the identity of who runs the tests
        return os.environ | {"RINGFENCE_IDENTITY": key, "RINGFENCE_HOUSE": str(self.house)}

    def with_authority(self) -> "LabSite":
        """The same, once its site has an authority; it stays what it is from then on."""
        site, key = str(self.path), str(self.path / ".lab/id_ed25519.pub")
        for words in (
            ("secrets", "add-recipient", site, "--owner", "ana", key),
            ("pki", "init", site),
        ):
            ended = self.ringfence(*words)
            assert ended.returncode == 0, ended.stderr
        return self

    def copied(self, path: Path) -> "LabSite":
        """The same hosts in another folder, whose files may be changed; what they made is one."""
        shared = (".lab", "pki", "sealing", "integrity")
        for name in ("sealing", "integrity"):
            (self.path / name).mkdir(exist_ok=True)
        shutil.copytree(self.path, path, ignore=shutil.ignore_patterns("runs", *shared))
        for name in shared:
            (path / name).symlink_to(self.path / name)
        return replace(self, path=path)

    def verify(self, *arguments: str) -> tuple[int, dict[tuple[str, str], str]]:
        """Verify; return the exit code and the verdict of each (host, control)."""
        ended = self.ringfence("verify", str(self.path), *arguments)
        print(ended.stdout)  # pytest shows it where the test fails
        assert "Traceback" not in ended.stderr + ended.stdout
        return ended.returncode, self.verdicts()

    @staticmethod
    def is_declared(host: str, control: str) -> bool:
        """Whether a control applies to a host by what the site says of it."""
        if control in OF_COLLECTORS:
            return host == COLLECTOR
        return host in ("recordings1", COLLECTOR) or control not in OF_HIGH

    def applies(self, host: str, control: str) -> bool:
        """Whether a control applies to a host of the lab at all."""
        in_a_container = host in (*CONTAINERS, COLLECTOR) and control in OF_A_KERNEL
        sends_nothing = control == "TLS-04" and self.is_waived("LOG-06")
        return self.is_declared(host, control) and not in_a_container and not sends_nothing

    def is_waived(self, control: str) -> bool:
        """Whether the site has an exception from a control, which no host of it meets."""
        return f"control: {control}\n" in (self.path / "waivers.yml").read_text()

    def of_a_stock_host(self, verdicts: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
        """What the verdicts of hosts must be that no role ever touched.

        A container without a radio has no driver of one either; its agent's Wi-Fi is to be told of.
        """
        green = {(host, control) for host, _ in verdicts for control in GREEN_FROM_THE_START}
        green = (green - {("bastion1", "SSH-05")}) | {("bastion1", "SYS-07")}
        return {
            (host, control): "not_applicable"
            if not self.applies(host, control)
            else "waived"
            if self.is_waived(control)
            else "pass"
            if (host, control) in green or (control in WELL_IN_CONTAINERS and host in CONTAINERS)
            else "fail"
            for host, control in verdicts
        }

    def of_a_hardened_host(
        self, verdicts: dict[tuple[str, str], str]
    ) -> dict[tuple[str, str], str]:
        """What the verdicts of hosts must be that are at their baseline."""
        return {
            (host, control): "not_applicable"
            if not self.applies(host, control)
            else "waived"
            if self.is_waived(control)
            else "pass"
            for host, control in verdicts
        }

    @staticmethod
    def of_an_unasked_host(
        verdicts: dict[tuple[str, str], str], verdict: str
    ) -> dict[tuple[str, str], str]:
        """What the verdicts of hosts must be that gave no answer: one, for all that is declared."""
        return {
            (host, control): verdict if LabSite.is_declared(host, control) else "not_applicable"
            for host, control in verdicts
        }

    def latest_run(self) -> Path:
        """The folder of the newest run that verified something."""
        runs = [path.parent for path in (self.path / "runs").glob("*/run.json")]
        return max(runs, key=lambda path: path.stat().st_mtime_ns)

    def results(self) -> list[dict]:
        """Every test's result in the newest run."""
        return json.loads((self.latest_run() / "results.json").read_text())["tests"]

    def verdicts(self) -> dict[tuple[str, str], str]:
        """The verdict of each (host, control) in the newest run."""
        from ringfence.verify.runs import Run

        outcomes = Run.load(self.latest_run()).results.by_control()
        return {(outcome.host, outcome.control): outcome.verdict.value for outcome in outcomes}

    def run_on(self, host: str, script: str) -> str:
        """Run a script as root on a host, demand success, and return what it printed."""
        ended = labs.run_on(self.path, host, script)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def with_house(self, house: Path) -> "LabSite":
        """The same hosts, handled by another house."""
        return replace(self, house=house)


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> LabSite:
    """The demo's site in a folder of its own; its containers run."""
    path = tmp_path_factory.mktemp("lab") / "site"
    lay_out(path, (*MACHINES, *CONTAINERS))
    site = LabSite(path)
    try:
        labs.up(path, list(CONTAINERS), say=print)
        yield site.with_authority()
    finally:
        labs.down(path, say=print)


def lay_out(path: Path, hosts: Sequence[str]) -> None:
    """Write the demo's site with some of its hosts, and a waiver where none of them takes logs."""
    shutil.copytree(
        *(ROOT / "inventories/lab", path),
        ignore=shutil.ignore_patterns(
            ".lab", "archive", "integrity", "pki", "runs", "sealing", "secrets.*"
        ),
        dirs_exist_ok=True,
    )
    gone: set[str] = set()
    for name in ("hosts.yml", "lab.yml"):
        content = yaml.safe_load((path / name).read_text())
        for host in set(content["hosts"]).difference(hosts):
            gone.update(content["hosts"].pop(host).get("groups", ()))
        (path / name).write_text(yaml.safe_dump(content, sort_keys=False))
    policy = (path / "policy.yml").read_text()
    for group in gone:  # what is said of it: flows, places for data
        policy = re.sub(rf"  - {{from.*\b{group}\b.*\n", "", policy).replace(f", {group}]", "]")
    if COLLECTOR not in hosts:
        policy = policy.replace("\nlogging:\n  anchor: bastion1\n", "\n")
        (path / "waivers.yml").write_text(yaml.safe_dump({"waivers": [NO_COLLECTOR]}))
    (path / "policy.yml").write_text(policy)


@contextmanager
def collecting(lab: LabSite, senders: Sequence[str]) -> Iterator[None]:
    """Make a collector and some other hosts all that the site has, meanwhile."""
    lay_out(lab.path, (*senders, COLLECTOR))
    try:
        labs.up(lab.path, [COLLECTOR], say=print)
        yield
    finally:
        labs.down(lab.path, [COLLECTOR], say=print)
        lay_out(lab.path, (*MACHINES, *CONTAINERS))
        if (kept := lab.path / "archive").exists():  # its key: the next one signs with its own
            shutil.rmtree(kept)


@pytest.fixture(scope="module")
def collected(lab) -> Iterator[LabSite]:
    """The containers and a collector at their baseline; the site has no other host meanwhile."""
    with collecting(lab, CONTAINERS):
        yield apply(lab, *CONTAINERS, COLLECTOR)


@pytest.fixture
def whole(lab) -> Iterator[LabSite]:
    """All that the demo's site has, with its collector and its server of time at their baseline."""
    with collecting(lab, (*MACHINES, *CONTAINERS)):
        yield apply(lab, COLLECTOR, "bastion1")


@pytest.fixture(scope="module")
def recording(lab) -> Iterator[LabSite]:
    """The machines with their record of accesses, and the collector that they send it to."""
    with collecting(lab, (*MACHINES, *CONTAINERS)):
        declared = lab.path / "hosts.yml"
        high = declared.read_text().replace("classification: medium", "classification: high")
        declared.write_text(high)
        labs.up(lab.path, list(MACHINES), say=print)
        labs.reset(lab.path, list(MACHINES), say=print)
        roles = "identity,permissions,pki,alerts,logging,log_collector,log_review,audit"
        hosts = ",".join((*MACHINES, COLLECTOR))
        chosen = ("--limit", hosts, "--role", roles, "--no-verify")
        ended = lab.ringfence("apply", str(lab.path), *chosen)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        yield lab


@pytest.fixture(scope="session")
def of_machines() -> tuple[str, ...]:
    """The controls that are proven on machines alone."""
    return OF_MACHINES


@pytest.fixture(scope="session")
def of_both() -> tuple[str, ...]:
    """The controls of which containers can show a part alone."""
    return OF_BOTH


@pytest.fixture(scope="session")
def of_logs() -> tuple[str, ...]:
    """The controls that are proven where a collector is."""
    return OF_LOGS


@pytest.fixture
def newcomer(tmp_path) -> Iterator[Newcomer]:
    """Somebody with a fresh copy of the repository, whose lab is taken down in the end."""
    made = Newcomer.in_folder(tmp_path)
    yield made
    labs.down(made.clone / "inventories/lab", say=print)


@pytest.fixture
def stock(lab) -> LabSite:
    """The lab with its containers as they were before anything was applied."""
    labs.reset(lab.path, list(CONTAINERS), say=print)
    return lab


@pytest.fixture
def stock_agent(lab) -> LabSite:
    """The lab with agent1 as it was, and the host that it asks for the time at its baseline."""
    apply(lab, "bastion1")
    labs.reset(lab.path, ["agent1"], say=print)
    return lab


@pytest.fixture(scope="session")
def direct(lab, tmp_path_factory) -> LabSite:
    """The same hosts in a site whose bastion is this computer: people reach them by key alone.

    On the lab's own bastion people need a code too.
    """
    path = tmp_path_factory.mktemp("direct") / "site"
    made = lab.copied(path)
    site = yaml.safe_load((path / "hosts.yml").read_text())
    site["hosts"]["bastion1"]["groups"] = ["agents"]  # and tells them the time
    site["hosts"]["here"] = {
        "address": THIS_COMPUTER,
        "groups": ["bastion"],
        "classification": "medium",
        "owner": "ana",
    }
    (path / "hosts.yml").write_text(yaml.safe_dump(site))
    policy = (path / "policy.yml").read_text()
    assert FLOWS_TO_THE_BASTION in policy
    time = FLOWS_TO_THE_BASTION.replace("to: bastion", "to: agents")
    (path / "policy.yml").write_text(policy.replace(FLOWS_TO_THE_BASTION, time))
    return made


@pytest.fixture
def regrouped(lab, tmp_path) -> Callable[..., LabSite]:
    """Makes the same hosts another site: with other groups, and with more flows.

    That a host is two things at once is declared, as SYS-06 wants it.
    """

    def make(groups: dict[str, list[str]], flows: str = "") -> LabSite:
        path = tmp_path / "regrouped"
        made = lab.copied(path)
        hosts = yaml.safe_load((path / "hosts.yml").read_text())
        for name, more in groups.items():
            hosts["hosts"][name]["groups"] += more
        (path / "hosts.yml").write_text(yaml.safe_dump(hosts))
        policy = (path / "policy.yml").read_text().replace("\nflows:\n", f"\nflows:\n{flows}")
        pairs = [host["groups"] for host in hosts["hosts"].values()]
        shared = [
            {"groups": functions, "reason": "a lab's host stands for many"}
            for functions in ([g for g in names if g in PRIMARY] for names in pairs)
            if len(functions) > 1
        ]
        together = yaml.safe_dump(shared, default_flow_style=True, width=10_000).strip()
        (path / "policy.yml").write_text(
            policy.replace("\nsystem:\n", f"\nsystem:\n  together: {together}\n")
        )
        return made

    return make


def apply(site: LabSite, *hosts: str) -> LabSite:
    """Bring hosts, or else the containers, to the site's baseline."""
    limit = ",".join(hosts or CONTAINERS)
    ended = site.ringfence("apply", str(site.path), "--limit", limit, "--no-verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return site


@pytest.fixture
def widened(regrouped) -> LabSite:
    """The containers at the baseline of a site in which they take calls too.

    So every control, and every way to break it, applies on both Debians.
    """
    return apply(regrouped({name: ["pbx"] for name in CONTAINERS}))


@pytest.fixture
def hardened(lab) -> LabSite:
    """The lab with its containers at their baseline."""
    return apply(lab)


@pytest.fixture(scope="module")
def hardened_once(lab) -> LabSite:
    """The same for tests that leave the baseline as it is: it is applied before a file's first."""
    return apply(lab)
