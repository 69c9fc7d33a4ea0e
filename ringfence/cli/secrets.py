"""``ringfence secrets``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option, site_argument
from ringfence.errors import UsageError
from ringfence.secrets import Vault, content, editing, recipients
from ringfence.site import load_site
from ringfence.site.problems import nearest

OLD_COPIES = (
    "Whoever could open the secrets before may have kept a copy: "
    "change the values themselves too, where somebody has left."
)


def identity_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--identity``."""
    return click.option(
        "--identity",
        "identity_files",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A file with your age identity or ssh private key (else RINGFENCE_IDENTITY, "
        "~/.config/ringfence/identity, ~/.ssh/id_ed25519).",
    )(command)


@click.group(epilog="Example: ringfence secrets edit inventories/center")
def secrets() -> None:
    """Keep a site's secrets, encrypted with age to its operators' keys."""


@secrets.command(epilog="Example: ringfence secrets edit inventories/center")
@site_argument
@identity_option
def edit(site: Path, identity_files: tuple[Path, ...]) -> None:
    """Edit SITE's secrets in $EDITOR; the file is replaced when it is sound."""
    vault = Vault(site, identity_files)
    vault.demand_recipients()
    sealed = vault.sealed() if vault.path.exists() else None
    before = vault.read() if sealed is not None else content.SAMPLE
    after = editing.edit(
        before,
        lambda text: content.parse(text, vault.path.name),
        _again,
        lambda warning: click.echo(f"warning: {warning}", err=True),
    )
    if after == before:
        click.echo("nothing was changed")
        return
    vault.write(after, replacing=sealed)
    click.echo(f"{vault.path}: {len(vault.secrets())} secrets")


@secrets.command(epilog="Example: ringfence secrets show inventories/center --reveal sip_password")
@site_argument
@click.option("--reveal", metavar="NAME", help="Print the value of this secret.")
@json_option
@identity_option
def show(site: Path, reveal: str | None, as_json: bool, identity_files: tuple[Path, ...]) -> None:
    """List the names of SITE's secrets, or print one value.

    With --json only the names: values are in no document.
    """
    if as_json and reveal is not None:
        raise UsageError("--json lists names: --reveal prints a value as it is, without it")
    found = Vault(site, identity_files).secrets()
    if reveal is not None:
        click.echo(found[reveal].get_secret_value())
        return
    if as_json:
        print_document({"secrets": list(found)})
        return
    for name in found:
        click.echo(name)


@secrets.command(
    "add-recipient",
    epilog="Example: ringfence secrets add-recipient inventories/center --owner ana ana.pub",
)
@site_argument
@click.argument("key", metavar="KEY")
@click.option("--owner", required=True, metavar="NAME", help="The person of policy.yml it is of.")
@identity_option
def add_recipient(site: Path, key: str, owner: str, identity_files: tuple[Path, ...]) -> None:
    """Let the holder of KEY open SITE's secrets: an age or ssh-ed25519 public key, or its file."""
    people = load_site(site).policy.people
    if owner not in people:
        raise UsageError(f"{owner!r} is not one of policy.yml's people{nearest(owner, people)}")
    text = _key_text(key)
    Vault(site, identity_files).change_recipients(
        lambda known: recipients.with_added(known, owner, text)
    )
    click.echo(f"{owner} can open the secrets")


@secrets.command(
    "remove-recipient",
    epilog="Example: ringfence secrets remove-recipient inventories/center bruno",
)
@site_argument
@click.argument("who", metavar="OWNER_OR_KEY")
@identity_option
def remove_recipient(site: Path, who: str, identity_files: tuple[Path, ...]) -> None:
    """Encrypt SITE's secrets anew, without the keys of one owner, or without one key."""
    Vault(site, identity_files).change_recipients(lambda known: recipients.with_removed(known, who))
    click.echo(f"{who} can't open the secrets from now on. {OLD_COPIES}")


@secrets.command(epilog="Example: ringfence secrets rotate inventories/center")
@site_argument
@identity_option
def rotate(site: Path, identity_files: tuple[Path, ...]) -> None:
    """Encrypt SITE's secrets anew to the recipients that its file names."""
    vault = Vault(site, identity_files)
    sealed = vault.sealed()
    vault.write(vault.read(), replacing=sealed)
    owners = ", ".join(sorted({each.owner for each in vault.recipients()}))
    click.echo(f"{vault.path} can be opened by {owners}. {OLD_COPIES}")


def _again(fault: str) -> bool:
    if not sys.stdin.isatty():
        return False
    click.echo(fault, err=True)
    return click.confirm(
        "Edit it again? (Otherwise your changes are lost.)", default=True, err=True
    )


def _key_text(key: str) -> str:
    path = Path(key)
    if len(key) < 1000 and " " not in key and path.is_file():
        return path.read_text(encoding="utf-8", errors="replace")[:20_000]
    return key
