"""``ringfence people``."""

import io
import sys
import time
from pathlib import Path

import click
import segno

from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option, site_argument
from ringfence.cli.secrets import identity_option
from ringfence.errors import UsageError
from ringfence.secrets import Vault, content, second_factors, totp
from ringfence.secrets.second_factors import Enrolment
from ringfence.site import load_site
from ringfence.site.problems import nearest

ATTEMPTS = 3


@click.group(epilog="Example: ringfence people enrol inventories/center ana")
def people() -> None:
    """Enrol people's second factors, which a bastion asks for after their key."""


@people.command(epilog="Example: ringfence people enrol inventories/center ana")
@site_argument
@click.argument("name", metavar="NAME")
@click.option("--again", is_flag=True, help="Replace a second factor that NAME has already.")
@click.option("--text", "as_text", is_flag=True, help="Show the otpauth:// link, not a QR code.")
@identity_option
def enrol(
    site: Path, name: str, again: bool, as_text: bool, identity_files: tuple[Path, ...]
) -> None:
    """Give NAME, a person of SITE, a second factor: shown once, confirmed by a code, then kept.

    Do it with NAME beside you: scan the code with an authenticator app, and write the recovery
    codes down. Each of them replaces a code once.
    """
    loaded = load_site(site)
    if name not in loaded.policy.people:
        hint = nearest(name, loaded.policy.people)
        raise UsageError(f"{name!r} is not one of policy.yml's people{hint}")
    vault = Vault(site, identity_files)
    vault.demand_recipients()
    sealed = vault.sealed() if vault.path.exists() else None
    plain = vault.read() if sealed is not None else content.SAMPLE
    known = second_factors.enrolled(content.parse(plain, str(vault.path)))
    if name in known and not again:
        raise UsageError(
            f"{name} is enrolled already: --again replaces the second factor, and the old one "
            "ends at the next apply"
        )
    enrolment = Enrolment.new()
    click.echo(_shown(enrolment, name, loaded.name, as_text))
    _demand_code(enrolment)
    changed = second_factors.with_enrolment(plain, name, enrolment, str(vault.path))
    vault.write(changed, replacing=sealed)
    click.echo(f"{name} is enrolled; apply brings it to the bastions: ringfence apply {site}")


@people.command("list", epilog="Example: ringfence people list inventories/center")
@site_argument
@json_option
@identity_option
def list_people(site: Path, as_json: bool, identity_files: tuple[Path, ...]) -> None:
    """Say which of SITE's people have a second factor."""
    loaded = load_site(site)
    vault = Vault(site, identity_files)
    known = second_factors.enrolled(vault.secrets()) if vault.path.exists() else []
    people = loaded.policy.people
    strangers = [name for name in known if name not in people]
    if as_json:
        entries = [
            {"name": name, "enrolled": name in known, "in_policy": name in people}
            for name in (*people, *strangers)
        ]
        print_document({"people": entries})
        return
    for name in people:
        click.echo(f"{name:<20} {'enrolled' if name in known else 'not enrolled'}")
    for name in strangers:
        click.echo(f"{name:<20} enrolled, but none of policy.yml's people")


def _shown(enrolment: Enrolment, name: str, issuer: str, as_text: bool) -> str:
    """Return what is shown once: a QR code, or a link where no terminal could show one."""
    link = totp.uri(enrolment.key, name, issuer)
    if not as_text and sys.stdout.isatty():
        picture = io.StringIO()
        segno.make(link, error="l", micro=False).terminal(picture, compact=True)
        link = picture.getvalue().rstrip("\n")
    codes = "  ".join(enrolment.recovery_codes)
    return (
        f"{link}\nRecovery codes of {name}, each for one login; they are not shown again:\n{codes}"
    )


def _demand_code(enrolment: Enrolment) -> None:
    """Ask for a code until it is right. Raises UsageError when it never is."""
    for _ in range(ATTEMPTS):
        given: str = click.prompt("The code that the app shows now", type=str)
        if totp.accepts(enrolment.key, given.replace(" ", ""), time.time()):
            return
        click.echo("that is not the code; is the telephone's clock right?", err=True)
    raise UsageError("no code was right: nothing was kept, and what was shown is worthless")
