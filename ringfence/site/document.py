"""One YAML file as plain data, with the place of every key and value."""

from dataclasses import dataclass, field
from typing import Any

from ringfence.site.problems import Path, Problem, dotted, shown


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a value, and of its key (of itself, where it has none); both from 1."""

    line: int
    column: int
    key_line: int
    key_column: int


START = Place(1, 1, 1, 1)


@dataclass
class Document:
    """Plain data, the places of its values by path, and what is wrong with the file as YAML.

    While `problems` is not empty, `data` may be incomplete and is not to be trusted.
    """

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Return the place of a value, or of the nearest thing around it that is in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, START)

    def problem(self, path: Path, message: str, *, key: bool = False) -> Problem:
        """Make the problem of the value at `path`, or (with `key`) of its key."""
        place = self.place(path)
        line, column = (place.key_line, place.key_column) if key else (place.line, place.column)
        return Problem(self.file, line, column, dotted(path), self.value(path), message)

    def value(self, path: Path) -> str:
        """Show the value at `path`, shortened; empty when nothing is there."""
        found: Any = self.data
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return ""
        return shown(found, path)

    def refuse(self, line: int, column: int, message: str, path: Path = ()) -> None:
        """Note what is wrong with the file as YAML."""
        self.problems.append(Problem(self.file, line, column, dotted(path), "", message))
