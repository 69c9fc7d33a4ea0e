"""``ringfence pki``."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import click
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.cli.completing import hosts, one_of
from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option, limit_option, site_argument
from ringfence.cli.secrets import identity_option
from ringfence.pki.authority import Reason
from ringfence.pki.issuing import Issuing
from ringfence.pki.keys import LARGEST
from ringfence.pki.lifetime import utc_now
from ringfence.pki.register import Files, Issued
from ringfence.site import load_site

DAY = "%Y-%m-%d"


@click.group(epilog="Example: ringfence pki init inventories/center")
def pki() -> None:
    """Keep the site's own authority, whose certificates its hosts' services show each other."""


@pki.command(epilog="Example: ringfence pki init inventories/center")
@site_argument
@identity_option
def init(site: Path, identity_files: tuple[Path, ...]) -> None:
    """Make SITE's authority: its key goes among the secrets, its certificate into pki/."""
    issuing = Issuing(load_site(site), identity_files)
    issuing.begin()
    click.echo(f"{issuing.files.authority}: the site's authority; its key is among the secrets")


@pki.command(epilog="Example: ringfence pki issue inventories/center collector1 collector1.csr")
@site_argument
@click.argument("name", metavar="HOST", shell_complete=one_of(hosts))
@click.argument("request", metavar="REQUEST", type=click.File("rb"))
@identity_option
def issue(site: Path, name: str, request: BinaryIO, identity_files: tuple[Path, ...]) -> None:
    """Sign the REQUEST (a file, or -) of HOST, which made its key; print the certificate.

    What it names comes from hosts.yml. It counts for 90 days.
    """
    loaded, text = load_site(site), request.read(LARGEST + 1)
    certificate = Issuing(loaded, identity_files).issue(loaded.host(name), text)
    click.echo(certificate.public_bytes(Encoding.PEM).decode(), nl=False)


@pki.command(epilog="Example: ringfence pki renew inventories/center")
@site_argument
@limit_option
@click.option("--early", is_flag=True, help="Renew those too that are not due.")
@json_option
@identity_option
def renew(
    site: Path,
    limit: str | None,
    early: bool,
    as_json: bool,
    identity_files: tuple[Path, ...],
) -> None:
    """Renew what is due: certificates of SITE's hosts, for the keys that they have.

    An old list of revoked certificates is made anew too. The next `ringfence apply` puts them on
    the hosts, and needs no secret for it; without this command, apply renews what is due itself.
    """
    loaded = load_site(site)
    chosen = loaded.select(limit)
    renewed = Issuing(loaded, identity_files).renew(chosen, early=early)
    if as_json:
        print_document({"renewed": _entries(renewed)})
        return
    for one in renewed:
        click.echo(f"{one.host}: {one.serial} until {one.ends:{DAY}}")
    click.echo("apply puts them on the hosts" if renewed else "no certificate is due")


@pki.command(epilog="Example: ringfence pki revoke inventories/center pbx1")
@site_argument
@click.argument("which", metavar="HOST_OR_SERIAL", shell_complete=one_of(hosts))
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    default=Reason.KEY_COMPROMISE.value,
    show_default=True,
    help="Why it counts no more.",
)
@json_option
@identity_option
def revoke(
    site: Path, which: str, reason: str, as_json: bool, identity_files: tuple[Path, ...]
) -> None:
    """Let a host's certificates, or the one of a serial, count no more."""
    revoked = Issuing(load_site(site), identity_files).revoke(which, Reason(reason))
    if as_json:
        print_document({"revoked": _entries(revoked)})
        return
    for one in revoked:
        click.echo(f"{one.host}: {one.serial} is revoked")


@pki.command("list", epilog="Example: ringfence pki list inventories/center")
@site_argument
@json_option
def list_(site: Path, as_json: bool) -> None:
    """List the certificates of SITE's authority: the latest of each host, and revoked ones."""
    files = Files(load_site(site).path)
    files.demand_authority()
    register, now = files.register(), utc_now()
    latest = list(register.latest().values())
    if as_json:
        print_document({"certificates": _entries(register.issued)})
        return
    for one in register.issued:
        if one in latest or one.state(now) == "revoked":
            names = ", ".join(one.names)
            click.echo(
                f"{one.host}  {one.state(now)}  until {one.ends:{DAY}}  {one.serial}  {names}"
            )


def _entries(certificates: Iterable[Issued]) -> list[dict[str, Any]]:
    now = utc_now()
    return [{**one.model_dump(mode="json"), "state": one.state(now)} for one in certificates]
