"""The rows of the access record as a table, as CSV or as JSON Lines, written as they come."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from ringfence.access_record.accesses import Access
from ringfence.report.text import visible

COLUMNS = (
    "time",
    "host",
    "person",
    "uid",
    "acting_as",
    "session",
    "access",
    "path",
    "target",
    "result",
    "error",
    "program",
    "pid",
    "terminal",
    "event",
    "notes",
)
"""The columns of CSV, and the keys of JSON Lines."""
WIDTHS = (24, 14, 18, 10, 14)
"""Of the table's columns but the last. Rows are written as they are found, so none is measured."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells begin that a spreadsheet computes (OWASP, CSV Injection)."""


def as_table(accesses: Iterable[Access]) -> Iterator[str]:
    """Yield a line of heads, and a line for each access; control characters are written out."""
    yield _aligned("time (UTC)", "host", "person", "access", "result", "path")
    for access in accesses:
        acting = access.acting != access.person
        yield _aligned(
            moment(access),
            access.host,
            f"{access.person or '(nobody)'} as {access.acting}" if acting else access.person,
            access.kind,
            access.result if access.result != "failed" else f"failed {access.error}",
            access.path + (f" -> {access.target}" if access.target else ""),
            f"({'; '.join(access.notes)})" if access.notes else "",
        )


def as_csv(accesses: Iterable[Access]) -> Iterator[str]:
    """Yield a line of heads, and a line for each access (RFC 4180, with a line feed at the end).

    A cell that a spreadsheet would compute gets an apostrophe before it; control characters are
    written out. JSON Lines has names as they are.
    """
    yield _csv_line(COLUMNS)
    for access in accesses:
        yield _csv_line([_safe(str("" if cell is None else cell)) for cell in _cells(access)])


def as_json_lines(accesses: Iterable[Access]) -> Iterator[str]:
    """Yield one JSON object for each access, in ASCII.

    A name that is no UTF-8 has `\\xff` in place of each such byte, and its bytes in `path_hex` or
    `target_hex`.
    """
    for access in accesses:
        content: dict[str, object] = dict(zip(COLUMNS, _cells(access), strict=True))
        content["notes"] = list(access.notes)
        for name in ("path", "target"):
            content |= name_fields(name, str(content[name]))
        yield json.dumps(content)


def name_fields(key: str, name: str) -> dict[str, str]:
    """Return a file's name for JSON: under its key, and as bytes where it is no UTF-8."""
    raw = name.encode("utf-8", "surrogateescape")
    text = raw.decode("utf-8", "backslashreplace")
    return {key: text} if text == name else {key: text, f"{key}_hex": raw.hex()}


FORMATS: dict[str, Callable[[Iterable[Access]], Iterator[str]]] = {
    "table": as_table,
    "csv": as_csv,
    "jsonl": as_json_lines,
}


def moment(access: Access) -> str:
    """Return when it was, in ISO 8601: `2026-03-01T08:30:00.123Z`."""
    return as_utc(access.at)


def as_utc(at: datetime) -> str:
    """Return a moment of UTC in ISO 8601, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cells(access: Access) -> tuple[str | int | None, ...]:
    return (
        moment(access),
        access.host,
        access.person,
        access.uid,
        access.acting,
        access.session,
        access.kind,
        access.path,
        access.target,
        access.result,
        access.error,
        access.program,
        access.pid,
        access.terminal,
        access.event,
        "; ".join(access.notes),
    )


def _aligned(*cells: str) -> str:
    *first, path = (
        _row_text(cell).ljust(width)
        for cell, width in zip(cells, (*WIDTHS, 0, 0)[: len(cells)], strict=True)
    )
    return "  ".join((*first, path)).rstrip()


def _row_text(text: str) -> str:
    """Return a text on one line; unlike in prose, several spaces of a file's name stay."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _safe(text: str) -> str:
    text = _row_text(text)
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
