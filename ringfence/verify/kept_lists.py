"""Lists of a results file that stay in the file until somebody looks at them.

What was observed on many hosts would fill the memory of the control machine; whoever writes a
report looks at it test by test.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


class KeptLines:
    """A file with a JSON object on each line, behind a comma or not; it stays open, so that its
    lines can be read when another file has taken its name."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError."""
        self._file = path.open("rb")
        self._last: tuple[int, dict[str, Any]] = (-1, {})

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with the place where it begins."""
        start = 0
        while line := self._file.readline():
            yield start, line
            start += len(line)

    def at(self, start: int) -> dict[str, Any]:
        """Return the object of the line that begins at `start`; the last one is remembered."""
        if self._last[0] != start:
            self._file.seek(start)
            self._last = (start, json.loads(self._file.readline().lstrip(b",")))
        return self._last[1]


class KeptList(Sequence[Any]):
    """The list of one name in the object of one line."""

    __slots__ = ("_lines", "_name", "_start")

    def __init__(self, lines: KeptLines, start: int, name: str) -> None:
        self._lines = lines
        self._start = start
        self._name = name

    def __getitem__(self, index: Any) -> Any:
        return self._content[index]

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._content == list(other)

    def __repr__(self) -> str:
        return repr(self._content)

    @property
    def _content(self) -> list[Any]:
        content: list[Any] = self._lines.at(self._start)[self._name]
        return content
