"""The flow matrix as a picture: groups as nodes, each with a line down, each flow an arrow.

A pure function of the site. Labels stand beside the arrows, one row each, so that nothing overlaps
however many flows there are. Flows that differ in one end alone share a row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ringfence.site import Site
from ringfence.site.flows import INTERNET, Line

ADDRESSES = "addresses"
MARGIN = 28
LABEL = 330
COLUMN = 134
HEAD = 150
ROW = 46
NODE = 58
HUES = (212, 158, 28, 280, 345, 190, 96, 48, 250, 316)
STYLE = """
  svg { background: var(--paper); --paper: #fff; --ink: #1b2026; --quiet: #57606a; --line: #d5dae0;
        --raised: #f6f7f9; --light: 38%; --wash: 95%;
        font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #14171b; --ink: #e6e9ed; --quiet: #a3adb8; --line: #363d46; --raised: #1d2127;
          --light: 68%; --wash: 17%; } }
  text { fill: var(--ink); font-size: 14px; }
  .title { font-size: 21px; font-weight: 650; }
  .quiet { fill: var(--quiet); font-size: 12.5px; }
  .port { font-weight: 650; font-variant-numeric: tabular-nums; }
  .node { stroke-width: 1.5; stroke: hsl(var(--hue) 55% var(--light));
          fill: hsl(var(--hue) 60% var(--wash)); }
  .name { font-weight: 650; text-anchor: middle; font-size: 13.5px; }
  .hosts { text-anchor: middle; }
  .life { stroke: var(--line); stroke-width: 1; stroke-dasharray: 2 5; }
  .band { fill: var(--raised); }
  .wire { stroke: hsl(var(--hue) 60% var(--light)); stroke-width: 2.25; fill: none; }
  .start { stroke: hsl(var(--hue) 60% var(--light)); stroke-width: 2.25; fill: var(--paper); }
  .tip { fill: hsl(var(--hue) 60% var(--light)); }
"""


@dataclass
class Row:
    """One row of the picture: flows from some nodes to some others on the same port."""

    sources: list[str]
    destinations: list[str]
    port: str
    purpose: str
    note: str


def flows_svg(site: Site, lines: Sequence[Line]) -> str:
    """Return the picture of a site's matrix as one SVG document that needs nothing else."""
    nodes = _nodes(site, lines)
    rows = _rows(site, lines)
    places = {name: MARGIN + LABEL + COLUMN * (i + 0.5) for i, name in enumerate(nodes)}
    hues = {name: HUES[i % len(HUES)] for i, name in enumerate(nodes)}
    width = MARGIN * 2 + LABEL + COLUMN * len(nodes)
    height = HEAD + ROW * max(len(rows), 1) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="title about">',
        f'<title id="title">Open network paths of {escape(site.name)}</title>',
        f'<desc id="about">{escape(_told(rows))}</desc>',
        f"<style>{STYLE}</style>",
        _text(MARGIN, 46, f"Open network paths of {site.name}", "title"),
        _text(MARGIN, 72, "A ring opens the connection, an arrow takes it.", "quiet"),
        _text(MARGIN, 92, "What has no row here is closed, both ways.", "quiet"),
    ]
    bottom = HEAD + ROW * len(rows)
    for number in range(0, len(rows), 2):
        y = HEAD + ROW * number
        band = f'x="{MARGIN / 2}" y="{y}" width="{width - MARGIN}" height="{ROW}" rx="6"'
        parts.append(f'<rect class="band" {band}/>')
    for name in nodes:
        parts += _node(name, nodes[name], places[name], hues[name], bottom)
    for number, row in enumerate(rows):
        parts += _arrow(row, HEAD + ROW * (number + 0.5), places, hues)
    return "\n".join([*parts, "</svg>", ""])


def _nodes(site: Site, lines: Sequence[Line]) -> dict[str, str]:
    """Return the nodes from left to right, each with what stands below its name."""
    ends = {end for line in lines for end in (line.source, line.destination)}
    nodes: dict[str, str] = {}
    if any(_is_addresses(site, end) for end in ends):
        nodes[ADDRESSES] = "named in the policy"
    if INTERNET in ends:
        nodes[INTERNET] = "anywhere else"
    for group, hosts in site.groups.items():
        nodes[group] = hosts[0].name if len(hosts) == 1 else f"{len(hosts)} hosts"
    return nodes


def _is_addresses(site: Site, end: str) -> bool:
    return end not in {INTERNET, "all"} and end not in site.groups


def _rows(site: Site, lines: Sequence[Line]) -> list[Row]:
    """Join the lines that share port and purpose and one of their ends."""
    rows: list[Row] = []
    for line in lines:
        sources, destinations = (_members(site, end) for end in (line.source, line.destination))
        port = f"{line.port}/{line.protocol}"
        named = [e for e in (line.source, line.destination) if _is_addresses(site, e)]
        note = ", ".join(named)
        for row in rows:
            if (row.port, row.purpose, row.note) != (port, line.purpose, note):
                continue
            if row.sources == sources and len(sources) == 1:
                row.destinations += [d for d in destinations if d not in row.destinations]
                break
            if row.destinations == destinations and len(destinations) == 1:
                row.sources += [s for s in sources if s not in row.sources]
                break
        else:
            rows.append(Row(sources, destinations, port, line.purpose, note))
    return rows


def _members(site: Site, end: str) -> list[str]:
    if end == "all":
        return list(site.groups)
    return [ADDRESSES] if _is_addresses(site, end) else [end]


def _node(name: str, below: str, x: float, hue: int, bottom: float) -> Iterable[str]:
    top = HEAD - NODE - 14
    yield f'<line class="life" x1="{x}" y1="{top + NODE}" x2="{x}" y2="{bottom}"/>'
    yield (
        f'<rect class="node" style="--hue:{hue}" x="{x - COLUMN / 2 + 6}" y="{top}" '
        f'width="{COLUMN - 12}" height="{NODE}" rx="10"/>'
    )
    yield _text(x, top + 25, _short(name.replace("_", " "), 16), "name")
    yield _text(x, top + 44, _short(below, 19), "quiet hosts")


def _arrow(row: Row, y: float, places: dict[str, float], hues: dict[str, int]) -> Iterable[str]:
    purpose = f"{row.purpose} ({row.note})" if row.note else row.purpose
    yield _text(MARGIN, y - 3, row.port, "port")
    yield _text(MARGIN, y + 14, _short(purpose, 50), "quiet", purpose)
    hue = hues[row.sources[0]]
    starts = [places[name] for name in row.sources]
    tips = [places[name] for name in row.destinations]
    yield f'<g style="--hue:{hue}">'
    ends = [*starts, *tips]
    yield f'<line class="wire" x1="{min(ends)}" y1="{y}" x2="{max(ends)}" y2="{y}"/>'
    for x in starts:
        yield f'<circle class="start" cx="{x}" cy="{y}" r="5.5"/>'
    for x in tips:
        if x in starts:
            loop = f"M{x + 5} {y - 4} c 34 -16 34 24 7 8"
            yield f'<path class="wire" d="{loop}"/>'
            yield _tip(x + 8, y + 3, -1)
            continue
        yield _tip(x, y, 1 if x > sum(starts) / len(starts) else -1)
    yield "</g>"


def _tip(x: float, y: float, way: int) -> str:
    return f'<path class="tip" d="M{x} {y} l{-11 * way} -6.5 v13 z"/>'


def _text(x: float, y: float, words: str, kind: str, whole: str | None = None) -> str:
    title = f"<title>{escape(whole)}</title>" if whole and whole != words else ""
    return f'<text class="{kind}" x="{x}" y="{y}">{title}{escape(words)}</text>'


def _short(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _told(rows: Sequence[Row]) -> str:
    """Say in words what the picture shows, for those who don't see it."""
    return ". ".join(
        f"{', '.join(row.sources)} to {', '.join(row.destinations)}: {row.port}, {row.purpose}"
        for row in rows
    )
