"""The record of one verification: ``runs/<utc>-<id>/`` with results, snapshots and provenance."""

import getpass
import json
import platform
import secrets
import shlex
import socket
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ringfence.catalogue import Catalogue
from ringfence.errors import ToolError, UsageError
from ringfence.site import Site
from ringfence.site.ssh import ssh_command
from ringfence.verify.results import Results

TOOLS = ("ringfence", "pyinfra", "pytest", "pytest-testinfra", "pydantic")


@dataclass(frozen=True)
class Provenance:
    """Who measured, when, from where, with which tools and against which intent."""

    operator: str
    control_host: str
    command: str
    started_at: str
    finished_at: str
    site: str
    site_digest: str
    catalogue_digest: str
    git_commit: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Run:
    """Everything that a report says, so that it can be made again from the run alone.

    ``hosts`` maps a host's name to its address, groups, classification and owner; ``controls``
    maps a control's id to its title, severity, rationale, role, groups, frameworks and last proof.
    """

    id: str
    provenance: Provenance
    hosts: dict[str, dict[str, Any]]
    controls: dict[str, dict[str, Any]]
    results: Results = field(repr=False)

    def save(self, folder: Path) -> None:
        """Write ``run.json`` and ``results.json``."""
        document = {
            "id": self.id,
            "provenance": asdict(self.provenance),
            "hosts": self.hosts,
            "controls": self.controls,
        }
        (folder / "run.json").write_text(json.dumps(document, indent=1) + "\n")
        self.results.save(folder / "results.json")

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Read a run's folder.

        Raises:
            UsageError: the folder holds no run.
            ToolError: its results cannot be read.
        """
        try:
            document = json.loads((folder / "run.json").read_text())
            return cls(
                document["id"],
                Provenance(**document["provenance"]),
                document["hosts"],
                document["controls"],
                Results.load(folder / "results.json"),
            )
        except FileNotFoundError:
            raise UsageError(f"{folder}: is not a run (it has no run.json)") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ToolError(f"{folder / 'run.json'}: cannot be read ({error})") from None


def new_run_folder(runs: Path) -> Path:
    """Make ``runs/<utc>-<id>``, readable by its owner alone, and return it.

    Raises:
        ToolError: the folder can't be made.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder = runs / name
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise ToolError(f"{folder}: the run cannot be kept there ({error.strerror})") from None
    return folder


def describe_hosts(site: Site, names: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the site declares of each host, as plain data."""
    return {
        name: {
            "address": str(site.hosts[name].address),
            "groups": list(site.hosts[name].groups),
            "classification": str(site.hosts[name].classification),
            "owner": site.hosts[name].owner,
            "ssh": shlex.join(ssh_command(site, site.hosts[name])),
        }
        for name in names
    }


def provenance(site: Site, catalogue: Catalogue, command: str, started_at: datetime) -> Provenance:
    """Describe the measurement that began at ``started_at`` and ends now."""
    return Provenance(
        operator=getpass.getuser(),
        control_host=socket.gethostname(),
        command=command,
        started_at=started_at.isoformat(timespec="seconds"),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        site=site.name,
        site_digest=site.digest,
        catalogue_digest=catalogue.digest,
        git_commit=_git_commit(site.path),
        versions={tool: version(tool) for tool in TOOLS} | {"python": platform.python_version()},
    )


def _git_commit(folder: Path) -> str:
    """Return the commit that ``folder`` is at, marked when files differ from it."""
    described = subprocess.run(
        ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() if described.returncode == 0 else "not in git"
