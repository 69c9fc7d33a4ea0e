"""Questions to the access record of a year of one busy host."""

import shutil
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench import access_year, usage
from bench.place import REPOSITORY, Place
from bench.table import table

HOST = "recordings1"
RECORDS = 10_100_000
DAYS = 365
SITE = REPOSITORY / "inventories/example"
SHELL = 'exec "$@" > rows'


def measure(place: Place) -> str:
    """Ask each question once, which takes up to a minute, and return the table."""
    folder, first = _archive(place.root / "access-record")
    day = first + timedelta(days=DAYS // 2)
    month = (first + timedelta(days=DAYS // 2)).replace(day=1)
    file = f"/srv/recordings/{day:%Y/%m/%d}/call-00017.wav"
    one_day = ("--since", f"{day}", "--until", f"{day}")
    questions = {
        "one person, one day": ("access-record", *one_day, "--person", "ana"),
        "everybody, one day": ("access-record", *one_day),
        "one file, the whole year": ("access-record", "--path", file),
        "what was denied, the whole year": ("access-record", "--denied"),
        "one person, the whole year": ("access-record", "--person", "ana"),
        "the review of a month": ("review", "--month", f"{month:%Y-%m}", "--before", "1"),
    }
    rows = [
        (name, *_asked(place, folder, command, *options))
        for name, (command, *options) in questions.items()
    ]
    size = sum(path.stat().st_size for path in folder.glob("*/*")) / 1e6
    head = ("", "rows", "time", "processor", "largest process")
    return f"{table(head, rows)}\n{RECORDS:,} audit records in {DAYS} files, {size:.0f} MB.\n"


def _asked(place: Place, folder: Path, command: str, *options: str) -> tuple[str, ...]:
    where = place.root / "access-record"
    options = ("--archive", str(folder), "--limit", HOST, *options)
    ringfence = place.ringfence(command, str(SITE), *options)
    environment = {**place.environment, "RINGFENCE_HOUSE": str(REPOSITORY)}
    done = usage.run(["sh", "-c", SHELL, "sh", *ringfence], environment, cwd=where)
    if done.code:
        raise RuntimeError(f"{command}: {done.output[-3000:]}")
    rows = "" if command == "review" else f"{_lines(where / 'rows') - 1:,}"
    found = (rows, f"{done.wall:.1f} s", f"{done.cpu:.1f} s", f"{done.largest:.0f} MB")
    print(command, *options, *found, file=sys.stderr, flush=True)
    return found


def _archive(root: Path) -> tuple[Path, date]:
    """Return the archive, made on the first time, and its first day."""
    folder = root / "archive"
    known = sorted((folder / HOST).glob("*.jsonl.zst"))
    if len(known) != DAYS:
        shutil.rmtree(root, ignore_errors=True)
        first = datetime.now(UTC).date() - timedelta(days=DAYS + 1)
        access_year.generate(folder, HOST, first, DAYS, RECORDS)
        return folder, first
    return folder, date.fromisoformat(known[0].name[:10])


def _lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in stream)
