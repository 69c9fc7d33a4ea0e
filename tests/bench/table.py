"""Figures as tables of Markdown, and their place in docs/benchmarks.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"


@dataclass(frozen=True)
class Aim:
    """A figure beside what it is meant to be; ``met`` is None where nothing was promised."""

    what: str
    figure: str
    aim: str = ""
    met: bool | None = None

    @property
    def row(self) -> tuple[str, ...]:
        """The row of a table."""
        told = {None: "", True: "yes", False: "**no**"}[self.met]
        return (self.what, self.figure, self.aim, told)


def at_most(what: str, value: float, limit: float, form: str) -> Aim:
    """Return a figure that is meant to be no more than ``limit``."""
    return Aim(what, form.format(value), "at most " + form.format(limit), value <= limit)


def times(what: str, slow: Sequence[float], fast: Sequence[float], least: float) -> Aim:
    """Return how many times faster the median of ``fast`` is; meant to be ``least`` or more."""
    ratio = median(slow) / median(fast)
    return Aim(what, f"{ratio:.1f} times", f"at least {least:g} times", ratio >= least)


def seconds(values: Sequence[float]) -> str:
    """Return the median, and between what it lies."""
    low, high = min(values), max(values)
    return f"{median(values):.2f} s ({low:.2f} to {high:.2f})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def aims(figures: Sequence[Aim]) -> str:
    """Return a table of figures beside what they are meant to be."""
    return table(("", "figure", "aim", "met"), [figure.row for figure in figures])


def put(part: str, text: str, page: Path = PAGE) -> None:
    """Replace what stands between the markers of a part. Raises ValueError without them."""
    begin, end = f"<!-- {part}: written by make bench -->\n", f"<!-- end of {part} -->"
    before, found, rest = page.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page} has no place for {part}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")
