"""Where the bench works: a house and a site of its own in the user's cache, and their lab."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import usage
from ringfence import lab
from ringfence.lab import processes
from ringfence.lab.container import lab_cgroup
from ringfence.lab.paths import LabPaths
from ringfence.verify.questions import cache_folder

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
HOST = "fleet1"
"""The container that is verified and changed; beside the others it holds many sshd."""
ANSIBLE = "ansible-core>=2.18,<2.20"


@dataclass(frozen=True)
class Place:
    """The folder of the bench."""

    root: Path

    @property
    def house(self) -> Path:
        """The bench's role with the baseline that judges it, as a house."""
        return self.root / "house"

    @property
    def site(self) -> Path:
        """The site of the lab's containers."""
        return self.root / "site"

    @property
    def state(self) -> Path:
        """What the lab keeps: keys, known hosts, the client's configuration."""
        return self.site / ".lab"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command that is measured."""
        path = os.pathsep.join([str(self.house), str(REPOSITORY)])
        return {**os.environ, "RINGFENCE_HOUSE": str(self.house), "PYTHONPATH": path}

    def ringfence(self, *arguments: str) -> list[str]:
        """Return a command of Ringfence's."""
        return [sys.executable, "-c", "from ringfence.cli import main; main()", *arguments]

    def ansible(self) -> Path:
        """Return ansible-playbook, from an environment of the bench's own."""
        folder = self.root / "ansible"
        if not (folder / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [folder / "bin/python", "-m", "pip", "install", "-q", ANSIBLE]
            subprocess.run(pip, check=True)
            (folder / "ready").touch()
        return folder / "bin/ansible-playbook"

    def inside(self, command: list[str]) -> list[str]:
        """Return a command that runs in the lab's network, where hosts have their own addresses."""
        (network,) = processes.find(LabPaths(self.site).state, processes.NETWORK)
        return ["nsenter", f"--net=/proc/{network.pid}/ns/net", "--", *command]

    def host_cpu(self, host: str = HOST) -> float:
        """Return the seconds of processor time that a container has used."""
        stat = (lab_cgroup(LabPaths(self.site)) / host / "cpu.stat").read_text().split()
        return int(stat[stat.index("usage_usec") + 1]) / 1e6

    def on(self, host: str, script: str) -> str:
        """Run a script as root on a container, and return what it printed."""
        done = lab.run_on(self.site, host, script)
        if done.returncode:
            raise RuntimeError(f"{host}: {done.stderr}")
        return done.stdout


def root() -> Path:
    """Return the folder of the bench."""
    return cache_folder() / "bench"


def prepare() -> Place:
    """Make house and site afresh, and start the lab with hosts that nothing was done to."""
    place = Place(root())
    shutil.rmtree(place.house, ignore_errors=True)
    shutil.copytree(HERE / "house", place.house)
    shutil.copytree(REPOSITORY / "deploys", place.house / "deploys")
    shutil.copy(REPOSITORY / "roles/__init__.py", place.house / "roles")
    (place.house / "tests/sabotage").mkdir()
    shutil.copytree(HERE / "site", place.site, dirs_exist_ok=True)
    os.environ["RINGFENCE_HOUSE"] = str(place.house)  # its packages are in the lab's image
    lab.up(place.site, None, say=_say)
    reset(place)
    return place


def bring(place: Place, *options: str) -> None:
    """Bring the lab's hosts to the bench's state. Raises RuntimeError."""
    command = place.ringfence("apply", str(place.site), "--no-verify", *options)
    done = usage.run(command, place.environment)
    if done.code:
        raise RuntimeError(done.output[-3000:])


def reset(place: Place) -> None:
    """Make the first host as it was before anything was done to it."""
    shutil.rmtree(place.site / "runs", ignore_errors=True)
    lab.reset(place.site, [HOST], say=_say)
    time.sleep(2)  # what a host still does after its start is nobody's cost


def _say(host: str, step: str) -> None:
    print(f"{host}: {step}", file=sys.stderr)
