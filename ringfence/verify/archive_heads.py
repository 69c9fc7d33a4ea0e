"""Heads of the archive's chains that verifications saw: each run that is kept is an anchor, too."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ringfence.archive.anchors import SeenHead
from ringfence.archive.chain import MOMENT
from ringfence.errors import RingfenceError
from ringfence.verify.runs import Run
from ringfence.verify.verdicts import Verdict

CONTROL, SUBJECT = "LOG-07", "head of "
"""Whose tests look at the chains, and what they call the last entry of a host's."""
TRUSTED = ("whence the keys are that count", "the site")
"""What they observe where the entries were signed by a key that the site keeps."""
OBSERVED = re.compile(r"([0-9]+) ([0-9a-f]{64})")


@dataclass(frozen=True)
class SeenHeads:
    """What a folder of runs tells of one collector's chains."""

    heads: list[SeenHead]
    """of tests that passed by the site's own copy of the key: the collector had signed them"""
    unreadable: list[str]
    """the names of folders of runs that can't be read"""


def heads_seen(runs: Path, collector: str) -> SeenHeads:
    """Return the heads of a collector's chains in every run of a folder, the oldest run first.

    Reads each run's results, which takes about a second for a hundred megabytes. A folder that
    isn't there has no runs.
    """
    found, unreadable = [], []
    for path in sorted(runs.glob("*/run.json")):
        try:
            found += _of_run(Run.load(path.parent), collector)
        except (RingfenceError, ValueError, LookupError, TypeError, OSError):
            unreadable.append(path.parent.name)
    return SeenHeads(found, unreadable)


def _of_run(run: Run, collector: str) -> list[SeenHead]:
    """Return the heads of tests that passed; each is looked at once, for it stays in a file."""
    at = datetime.fromisoformat(run.provenance.started_at).astimezone(UTC).strftime(MOMENT)
    found = []
    for test in run.results.tests:
        if (test.host, test.control, test.verdict) != (collector, CONTROL, Verdict.PASS):
            continue
        observed = [(one["subject"], one["observed"]) for one in test.observations]
        for subject, value in observed if TRUSTED in observed else ():
            seen = OBSERVED.fullmatch(value)
            if subject.startswith(SUBJECT) and seen:
                name = subject.removeprefix(SUBJECT)
                found.append(SeenHead(at, name, int(seen[1]), seen[2], run.id))
    return found
