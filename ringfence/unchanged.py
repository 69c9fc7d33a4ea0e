"""What a plan asked of a host that needed nothing, so that the next can ask it in one round trip.

A plan depends on the site, on the roles' code, on the day, and on what the host answers to the
facts. While all four are as they were when pyinfra found nothing to change, it would find nothing
again, so it need not be started. An answer that never stays the same (it tells a time, say) makes
pyinfra start each time: that is slow, not wrong. Where it is started, it is given these answers,
and asks for the rest alone: a channel and a sudo for each cost a host more than what they ask.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ringfence.facts.shell import OF_THE_MOMENT
from ringfence.site import Site, integrity
from ringfence.verify.answers import Answer

PACKAGE = Path(__file__).parent
PARTS_OF_A_HOUSE = ("roles", "templates", "deploys")
NOT_OF_A_SITE = ("runs", "reviews", integrity.FOLDER)
"""What a site's folder holds beside the site; names that begin with a dot are left out too. What it
remembers of a host's files counts for that host (`own_basis`)."""
Ask = Callable[..., list[Answer]]
"""Puts its arguments, commands, to one host as root, in one round trip; raises UnreachableError."""
Answers = Mapping[str, Mapping[str, Answer]]
"""By host's name and command, what a host answered."""


@dataclass(frozen=True)
class Question:
    """One command that a plan asked, and the SHA-256 (hex) of what came back."""

    command: str
    digest: str


def digest_of(succeeded: bool, lines: Iterable[str]) -> str:
    """Return what stands for an answer: whether the command succeeded, and its output by line."""
    return hashlib.sha256(json.dumps([succeeded, list(lines)]).encode()).hexdigest()


def basis(site: Site, roles: str | None) -> str:
    """Return the SHA-256 (hex) of everything but the host that a plan depends on."""
    found = hashlib.sha256()
    today = datetime.now(UTC).date().isoformat()  # keys expire
    parts = [site.digest, roles, today, version("pyinfra"), version("ringfence")]
    found.update(json.dumps(parts).encode())
    for path in sorted(_sources(site)):
        found.update(f"\0{path}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def own_basis(wanted: str, site: Site, host: str) -> str:
    """Return the SHA-256 (hex) of a `basis`, and of what the site remembers of a host's files."""
    path = integrity.baseline_file(site.path, host)
    known = path.read_bytes() if path.is_file() else b""
    return hashlib.sha256(wanted.encode() + known).hexdigest()


@dataclass(frozen=True)
class Comparison:
    """How a host compares with its last plan."""

    is_at_rest: bool
    """Whether it answers as it did when a plan with the same basis found nothing to change."""
    answers: dict[str, Answer]
    """What it answered, by command: a plan that asks the same need not ask again."""


def compare(memory: Path, host: str, wanted: str, ask: Ask) -> Comparison:
    """Ask a host what the last plan asked of it, in one round trip.

    Args:
        memory: the folder in which plans are remembered.
        host: the host's name.
        wanted: the `own_basis` of this plan; after another one's a host is never at rest.
        ask: asks the host.

    Raises UnreachableError from `ask`.
    """
    known, questions = _remembered(memory, host)
    if not questions:
        return Comparison(False, {})
    answers = ask(*(question.command for question in questions))
    same = all(
        digest_of(answer.status == 0, lines_of(answer.stdout)) == question.digest
        for question, answer in zip(questions, answers, strict=True)
    )
    found = {question.command: each for question, each in zip(questions, answers, strict=True)}
    return Comparison(same and known == wanted, found)


def _remembered(memory: Path, host: str) -> tuple[str, list[Question]]:
    """Return the basis of a host's last plan, and what it asked; nothing of a damaged memory."""
    try:
        kept = json.loads(_file(memory, host).read_text())
        return str(kept["basis"]), [Question(**each) for each in kept["questions"]]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def is_remembered(memory: Path, host: str, wanted: str) -> bool:
    """Tell whether a plan with this basis found a host at rest."""
    return _remembered(memory, host)[0] == wanted


def remember(memory: Path, host: str, wanted: str, questions: Sequence[Question]) -> None:
    """Keep what was asked of a host that needed nothing; with an empty basis, of one that did.

    Losing it costs time alone.
    """
    memory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {"basis": wanted, "questions": [asdict(question) for question in questions]}
    stage, name = tempfile.mkstemp(dir=memory)
    with os.fdopen(stage, "w") as file:
        json.dump(kept, file)
    Path(name).replace(_file(memory, host))


def recorded(path: Path) -> dict[str, list[Question]]:
    """Return what `ringfence.pyinfra_process` wrote: each host's questions, in order, each once.

    A host is left out when a question of its own can't be asked again as it was. What tells the
    moment is no question.
    """
    found: dict[str, dict[str, str]] = {}
    unfit = set()
    for line in path.read_text().splitlines() if path.is_file() else ():
        entry = json.loads(line)
        if entry["command"].startswith(OF_THE_MOMENT):
            continue
        answers = found.setdefault(entry["host"], {})
        if not entry["repeatable"] or answers.get(entry["command"]) not in {None, entry["digest"]}:
            unfit.add(entry["host"])
        answers[entry["command"]] = entry["digest"]
    return {
        host: [Question(*answer) for answer in answers.items()]
        for host, answers in found.items()
        if host not in unfit
    }


def lines_of(output: bytes) -> list[str]:
    """Return the lines of an output, as pyinfra has them."""
    lines = output.decode("utf-8", "replace").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _file(memory: Path, host: str) -> Path:
    return memory / f"{host}.json"


def _sources(site: Site) -> Iterator[Path]:
    for folder in (PACKAGE, *(site.house.root / part for part in PARTS_OF_A_HOUSE)):
        yield from _files(folder, ())
    yield from _files(site.path, NOT_OF_A_SITE)


def _files(folder: Path, left_out: Sequence[str]) -> Iterator[Path]:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name.startswith(".") or entry.name in {*left_out, "__pycache__"}:
            continue
        if entry.is_dir():
            yield from _files(entry, ())
        elif entry.is_file():
            yield entry
