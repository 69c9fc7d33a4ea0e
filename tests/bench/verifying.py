"""One host, 150 checks: our backend, stock testinfra over one connection, and a bare ssh."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import table, usage
from bench.counting import Counter
from bench.place import HOST, Place
from bench.relay import Relay

FAR = 0.02
"""Seconds of round-trip time that a relay adds."""
SESSION = re.compile(r"(?P<tests>\d+) passed.* in (?P<seconds>[0-9.]+)s")
MASTER = "ControlMaster auto\nControlPath {folder}/%n\nControlPersist 60\n\n"


class Ways:
    """The ways to verify the host, reached at one port."""

    def __init__(self, place: Place, folder: Path, port: int) -> None:
        """Write the client's configurations into a folder."""
        self.place = place
        self.folder = folder
        lab = (place.state / "ssh_config").read_text()
        block = next(b for b in lab.split("\n\n") if b.startswith(f"Host {HOST}\n"))
        block = re.sub(r"Port \d+", f"Port {port}", block)
        self.plain, self.shared = folder / "plain", folder / "shared"
        self.plain.write_text(block)
        self.shared.write_text(MASTER.format(folder=folder) + block)
        self.site = folder / "site"
        self.site.mkdir()
        for file in ("policy.yml", "waivers.yml", "hosts.yml", "inventory.py"):
            text = (place.site / file).read_text()
            (self.site / file).write_text(text.replace(".lab/ssh_config", str(self.plain)))
        (self.site / ".lab").symlink_to(place.state)
        self.results = folder / "results.json"

    def ours(self, **more: str) -> usage.Usage:
        """Verify with our backend, which asks all at once what it knows from last time."""
        return self._pytest(f"ringfence://{HOST}", **more)

    def stock(self, **more: str) -> usage.Usage:
        """Verify with stock testinfra; all commands share a connection that this run opens."""
        try:
            return self._pytest(f"ssh://{HOST}", f"--ssh-config={self.shared}", **more)
        finally:
            end = ["ssh", "-F", str(self.shared), "-O", "exit", HOST]
            subprocess.run(end, capture_output=True, check=False)

    def bare(self, commands: list[str]) -> usage.Usage:
        """Run the same commands in one shell, and judge nothing."""
        script = self.folder / "commands"
        script.write_text("".join(f"( {command}\n) </dev/null\n" for command in commands))
        with script.open() as source:
            ssh = ["ssh", "-F", str(self.plain), HOST, "sh", "-s"]
            return usage.run(ssh, self.place.environment, stdin=source)

    def commands(self) -> list[str]:
        """Return what the suite asked in the last run of ours."""
        tests = json.loads(self.results.read_text())["tests"]
        return list(dict.fromkeys(command for test in tests for command in test["commands"]))

    def live(self) -> int:
        """Return how many commands the last run of ours asked that it had not known."""
        return json.loads(self.results.read_text())["live_commands"][HOST]

    def _pytest(self, host: str, *options: str, **more: str) -> usage.Usage:
        command = [
            *(sys.executable, "-m", "pytest", "-p", "testinfra.plugin"),
            *("-p", "ringfence.verify.plugin", str(self.place.house / "tests/baseline")),
            *("--site", str(self.site), f"--hosts={host}", "--results", str(self.results)),
            *("-q", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"),
            *(f"--rootdir={self.place.house}", "-W", "ignore", *options),
        ]
        environment = self.place.environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | more
        done = usage.run(command, environment, cwd=self.place.house)
        if done.code:
            raise RuntimeError(done.output[-3000:])
        return done


def session(done: usage.Usage) -> float:
    """Return the seconds of pytest's session, without the start of its interpreter."""
    found = SESSION.search(done.output)
    if not found:
        raise RuntimeError(done.output[-3000:])
    return float(found["seconds"])


def measure(place: Place, repeat: int) -> str:
    """Measure, and return the tables."""
    with tempfile.TemporaryDirectory() as folder:
        port = json.loads((place.state / "state.json").read_text())["ports"][HOST]
        with Relay(("127.0.0.1", port), FAR) as relay:
            near = Ways(place, _made(folder, "near"), port)
            far = Ways(place, _made(folder, "far"), relay.port)
            found = {"near": _take_turns(near, repeat), "far": _take_turns(far, repeat)}
        with Relay(("127.0.0.1", port)) as relay:
            counted = Ways(place, _made(folder, "counted"), relay.port)
            calls = _count(counted, relay, Path(folder) / "bin")
        return _tables(found["near"], found["far"], calls)


def _made(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir()
    return path


def _take_turns(ways: Ways, repeat: int) -> dict[str, list[float]]:
    ways.ours()  # learns what the suite asks
    found: dict[str, list[float]] = {}

    def keep(name: str, seconds: float, cpu_before: float) -> None:
        found.setdefault(name, []).append(seconds)
        found.setdefault(f"{name} cpu", []).append(ways.place.host_cpu() - cpu_before)

    for _ in range(repeat):
        before = ways.place.host_cpu()
        done = ways.ours()
        keep("ours", session(done), before)
        found.setdefault("ours whole", []).append(done.wall)
        commands = ways.commands()
        before = ways.place.host_cpu()
        keep("bare", ways.bare(commands).wall, before)
        before = ways.place.host_cpu()
        keep("stock", session(ways.stock()), before)
    return found


def _count(ways: Ways, relay: Relay, folder: Path) -> dict[str, tuple[int, int]]:
    """Return the calls of ssh and the connections of each way; and what ours asked beyond."""
    counter = Counter(folder, "ssh")
    ways.ours()
    calls = {}
    for name, way in (("ours", ways.ours), ("stock", ways.stock)):
        counter.reset()
        before = relay.connections
        way(**counter.environment)
        calls[name] = (len(counter.calls), relay.connections - before)
        if name == "ours":
            calls["live"] = (ways.live(), len(ways.commands()))
    return calls


def _tables(
    near: dict[str, list[float]], far: dict[str, list[float]], calls: dict[str, tuple[int, int]]
) -> str:
    ours, stock = calls["ours"], calls["stock"]
    later, commands = calls["live"]
    rows = [
        (name, table.seconds(near[key]), table.seconds(far[key]), f"{median(near[cpu]):.2f} s")
        for name, key, cpu in (
            ("Ringfence's backend", "ours", "ours cpu"),
            ("stock testinfra, `ssh://`, ControlPath", "stock", "stock cpu"),
            (f"bare `ssh host sh -s`, the same {commands} commands", "bare", "bare cpu"),
        )
    ]
    promised = [
        table.times("session, against stock", near["stock"], near["ours"], 5),
        table.times("session, against stock, 20 ms away", far["stock"], far["ours"], 10),
        table.at_most("round trips of questions", ours[0] + later, 1, "{:.0f}"),
        table.at_most(
            "session, in bare ssh's", median(near["ours"]) / median(near["bare"]), 2, "{:.1f} times"
        ),
        table.at_most("host's processor", median(near["ours cpu"]), 0.2, "{:.2f} s"),
    ]
    head = ("150 checks of one host", "session", "session, 20 ms away", "host's processor")
    told = (
        f"Ours called ssh {ours[0]} time(s), over {ours[1]} connection(s), and asked {later} "
        f"commands after the batch; stock called it {stock[0]} times, over {stock[1]}. Our whole "
        f"command, with the interpreter's start, took {median(near['ours whole']):.2f} s.\n"
    )
    return f"{table.table(head, rows)}\n{table.aims(promised)}\n{told}"
