"""``ringfence flows``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ringfence.cli.completing import ends_of_flows, one_of
from ringfence.cli.options import json_option, site_argument
from ringfence.errors import UsageError
from ringfence.report.flows_svg import flows_svg
from ringfence.site import Site, load_site
from ringfence.site.flows import Line, explain, matrix
from ringfence.site.flows import Path as NetworkPath

WAY = "name a source, a destination and a port, such as agent1 pbx1 5061"


@click.command(
    epilog="Example: ringfence flows inventories/lab; "
    "ringfence flows inventories/lab agent1 pbx1 5061"
)
@site_argument
@click.argument("source", metavar="[FROM]", required=False, shell_complete=one_of(ends_of_flows))
@click.argument("destination", metavar="[TO]", required=False, shell_complete=one_of(ends_of_flows))
@click.argument("port", metavar="[PORT]", required=False)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into FILE.")
@json_option
def flows(
    site: Path,
    source: str | None,
    destination: str | None,
    port: str | None,
    svg: Path | None,
    as_json: bool,
) -> int:
    """Show which paths SITE's firewalls open; explain the one from FROM to TO on PORT.

    FROM and TO are hosts, groups, addresses or `internet`; PORT is 5061 or 10000/udp. Leaves with 0
    when every such path is open, with 1 when one is dropped.
    """
    loaded = load_site(site)
    if source is not None:
        if destination is None or port is None:
            raise UsageError(WAY)
        number, protocol = port_and_protocol(port)
        paths = explain(loaded, source, destination, number, protocol)
        click.echo(paths_document(paths) if as_json else "\n".join(p.sentence for p in paths))
        return 0 if all(path.allowed for path in paths) else 1
    lines = matrix(loaded)
    if svg is not None:
        write_picture(svg, flows_svg(loaded, lines))
        click.echo(svg)
    elif as_json:
        click.echo(json.dumps([asdict(line) for line in lines], indent=2, ensure_ascii=False))
    else:
        show(loaded, lines)
    return 0


def port_and_protocol(text: str) -> tuple[int, str]:
    """Read `5061` or `10000/udp`; without a protocol it is tcp.

    Raises UsageError for anything else.
    """
    number, slash, protocol = text.partition("/")
    known = protocol in {"tcp", "udp"} or not slash
    if not (number.isascii() and number.isdigit()) or not known or not 1 <= int(number) <= 65535:
        raise UsageError(f"{text!r} is no port: write 5061, 5061/tcp or 10000/udp")
    return int(number), protocol or "tcp"


def paths_document(paths: list[NetworkPath]) -> str:
    """Return the explanation as JSON: one object a path."""
    content: list[dict[str, Any]] = [
        {
            "from": path.source,
            "to": path.destination,
            "port": path.port,
            "protocol": path.protocol,
            "allowed": path.allowed,
            "leaves_by": path.leaving.origin if path.leaving else None,
            "enters_by": path.entering.origin if path.entering else None,
            "explanation": path.sentence,
        }
        for path in paths
    ]
    return json.dumps(content, indent=2, ensure_ascii=False)


def write_picture(path: Path, picture: str) -> None:
    """Write the picture. Raises UsageError when that fails."""
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def show(site: Site, lines: list[Line]) -> None:
    """Print the matrix: a table on a terminal, columns elsewhere."""
    console = Console()
    rows = [
        (line.source, line.destination, f"{line.port}/{line.protocol}", line.purpose, line.origin)
        for line in lines
    ]
    heads = ("from", "to", "port", "purpose", "by")
    closed = "What isn't here is closed, in both directions and both address families."
    if console.is_terminal:
        table = Table(*heads, box=box.SIMPLE_HEAD, title=f"{site.name}: open paths")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print(closed, style="dim")
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    click.echo(closed)
