"""``ringfence check``."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from ringfence import obstacles
from ringfence.catalogue import load_catalogue
from ringfence.cli.options import json_option, site_argument
from ringfence.errors import UsageError
from ringfence.site import House, Problem, Site, SiteError, find_house, load_site
from ringfence.site.schema import write_schemas


@click.command(epilog="Example: ringfence check inventories/lab")
@site_argument
@json_option
@click.option(
    "--write-schemas",
    "schemas",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the files' JSON Schemas into DIR too, for editors.",
)
def check(site: Path, as_json: bool, schemas: Path | None) -> int:
    """Validate the files of SITE and print everything that is wrong, one problem a line.

    Leaves with 4 if anything is; else prints what the site holds, what is missing before anything
    can be applied, and what is worth a look.
    """
    house = find_house(site)
    if schemas is not None:
        write_schemas_into(schemas, house)
    controls = load_catalogue(house).controls
    try:
        checked = load_site(site, house=house, known_controls=set(controls))
        _ = checked.acknowledgements  # no other command reads what none of it needs
    except SiteError as error:
        if as_json:
            click.echo(as_document(error.problems))
        else:
            click.echo(str(error))
            click.echo(f"{site}: {counted(len(error.problems), 'problem')}", err=True)
        return error.exit_code
    checked = replace(checked, warnings=obstacles.warnings(checked))
    missing = obstacles.refusals(checked)
    today = datetime.now(UTC).date()
    if as_json:
        click.echo(as_document([], checked, missing, today))
        return 0
    for line in summary(checked, missing, today):
        click.echo(line)
    return 0


def write_schemas_into(folder: Path, house: House) -> None:
    """Write the JSON Schemas; raise UsageError when that fails."""
    try:
        write_schemas(folder, house)
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {error.strerror}") from None


def summary(site: Site, missing: list[Problem], today: date) -> list[str]:
    """Say whether all is well, what a site holds, and what is worth a look, line by line."""
    waivers = [waiver for waiver in site.waivers if not waiver.expired(today)]
    lines = [f"{site.name}: {verdict(site, missing)}"]
    lines.append(f"hosts     {len(site.hosts)}")
    for group, hosts in site.groups.items():
        lines.append(f"  {group:<15} {', '.join(host.name for host in hosts)}")
    lines.append(f"people    {len(site.policy.people)}")
    for name, person in site.policy.people.items():
        lines.append(f"  {name:<15} {', '.join(person.roles)}".rstrip())
    lines.append(f"flows     {len(site.policy.flows)}")
    for flow in site.policy.flows:
        path = f"{flow.source} → {flow.destination}"
        lines.append(f"  {path:<28} {flow.port}/{flow.protocol}  {flow.purpose}")
    lines.append(f"waivers   {len(waivers)}")
    for waiver in waivers:
        about = ", ".join([*waiver.hosts, *waiver.groups])
        left = counted((waiver.expires - today).days, "day")
        lines.append(f"  {waiver.control:<15} {about}: {left} left, {waiver.owner}")
    lines += [f"missing   {lack}" for lack in missing]
    lines += [f"warning   {warning}" for warning in site.warnings]
    return lines


def verdict(site: Site, missing: list[Problem]) -> str:
    """Say in one sentence whether all is well: it isn't where nothing can be applied."""
    if missing:
        things = "1 thing is" if len(missing) == 1 else f"{len(missing)} things are"
        return f"the files are well, but nothing can be applied yet: {things} missing"
    return "all well" + (f", with {counted(len(site.warnings), 'warning')}" * bool(site.warnings))


def as_document(
    problems: list[Problem],
    site: Site | None = None,
    missing: Sequence[Problem] = (),
    today: date | None = None,
) -> str:
    """Return the outcome as JSON: `ok` (the files are), `problems`, and for a good site whether it
    can be applied, `warnings` and `site`."""
    document: dict[str, Any] = {
        "ok": site is not None,
        "problems": [asdict(problem) for problem in problems],
    }
    if site is not None and today is not None:
        document["can_be_applied"] = not missing
        document["warnings"] = [asdict(warning) for warning in (*site.warnings, *missing)]
        document["site"] = {
            "name": site.name,
            "digest": site.digest,
            "groups": {group: [h.name for h in hosts] for group, hosts in site.groups.items()},
            "people": sorted(site.policy.people),
            "flows": [flow.model_dump(mode="json", by_alias=True) for flow in site.policy.flows],
            "waivers": [
                {**w.model_dump(mode="json"), "days_left": (w.expires - today).days}
                for w in site.waivers
            ],
        }
    return json.dumps(document, indent=2, ensure_ascii=False)


def counted(number: int, word: str) -> str:
    """Return `1 day` or `2 days`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
