"""``ringfence guard``."""

from collections.abc import Callable
from pathlib import Path

import click

from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option, limit_option, site_argument
from ringfence.cli.progress import Progress
from ringfence.errors import ToolError
from ringfence.guard.channel import Channel, RefusedError, demand, status_of
from ringfence.guard.wording import describe
from ringfence.side_by_side import side_by_side
from ringfence.site import Host, Site, load_site
from ringfence.verify.session import UnreachableError


@click.group(
    epilog="Example: ringfence guard status inventories/lab | "
    "ringfence guard revert inventories/lab --limit pbx1"
)
def guard() -> None:
    """Look at, or fire, the guard of dangerous changes.

    While ringfence apply changes ssh, firewall or accounts, each host is armed: it puts itself back
    unless a new login confirms the change. See docs/how-to/locked-out.md.
    """


@guard.command(epilog="Example: ringfence guard status inventories/lab --limit pbx --json")
@site_argument
@limit_option
@json_option
def status(site: Path, limit: str | None, as_json: bool) -> int:
    """Tell which hosts of SITE are armed, by whom, and what was last put back.

    Exits with 1 when a host does not answer.
    """
    found = _on_each(load_site(site), limit, "guard status", status_of)
    if as_json:
        print_document(found)
    else:
        for name, told in found.items():
            for line in describe(name, told):
                click.echo(line)
    return 1 if any("trouble" in told for told in found.values()) else 0


@guard.command(epilog="Example: ringfence guard revert inventories/lab --limit pbx1")
@site_argument
@limit_option
@json_option
def revert(site: Path, limit: str | None, as_json: bool) -> int:
    """Put back at once what an unconfirmed run changed on SITE's hosts.

    A host that is not armed is left alone. Exits with 1 when a host could not be put back.
    """

    def put_back(channel: Channel) -> dict[str, str]:
        before = status_of(channel)
        demand(channel, "revert", "asked: ringfence guard revert")
        after = status_of(channel)
        if before["state"] == "idle":
            return after | {"did": "nothing to put back"}
        return after | {"did": "put back" if after["state"] == "idle" else "still armed"}

    found = _on_each(load_site(site), limit, "guard revert", put_back)
    if as_json:
        print_document(found)
    else:
        for name, told in found.items():
            click.echo(f"{name}: {told.get('did') or told['trouble']}")
            if told.get("did") == "put back":
                click.echo(f"  {told.get('reverted_path', 'no file differed')}")
    return (
        1 if any(told.get("did", "still armed") == "still armed" for told in found.values()) else 0
    )


def _on_each(
    site: Site, limit: str | None, title: str, do: Callable[[Channel], dict[str, str]]
) -> dict[str, dict[str, str]]:
    def ask(host: Host) -> dict[str, str]:
        told = put(host)
        progress(host.name, told.get("trouble", "answered"), 1.0)
        return told

    def put(host: Host) -> dict[str, str]:
        channel = Channel(site, host)
        try:
            return do(channel)
        except UnreachableError as error:
            return {"trouble": f"unreachable: {error}"}
        except (RefusedError, ToolError) as error:
            return {"trouble": str(error)}
        finally:
            channel.close()

    hosts = site.select(limit)
    names = [host.name for host in hosts]
    with Progress(title=title, hosts=names) as progress:
        return dict(zip(names, side_by_side(hosts, ask), strict=True))
