"""What a shell completes beside commands and options: controls, hosts, groups and roles.

Files are read as they are, and nothing is judged: that would take longer than anybody waits, and a
site is completed while it is being mended, too. What can't be read completes nothing.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ringfence.site.hosts import KNOWN_GROUPS
from ringfence.site.house import find_house
from ringfence.site.loader import read_document
from ringfence.site.plain import mapping, texts

CONTROL = re.compile(r"^  - id: (\S+)\n    title: (.+)$", re.MULTILINE)

Names = Callable[[Path | None], Mapping[str, str]]
"""Returns names, each with what it is, of a site; of no site where none is given yet."""
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def one_of(names: Names) -> Completion:
    """Complete one name."""

    def complete(
        context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return _beginning_with(incomplete, _found(names, context))

    return complete


def some_of(names: Names) -> Completion:
    """Complete the last of names with commas between them, which has none twice."""

    def complete(
        context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        given = before.split(",")
        left = {name: what for name, what in _found(names, context).items() if name not in given}
        return _beginning_with(last, left, f"{before}{comma}")

    return complete


def _quietly(names: Names) -> Names:
    @wraps(names)
    def found(site: Path | None) -> Mapping[str, str]:
        try:
            return names(site)
        except Exception:
            return {}

    return found


@_quietly
def controls(site: Path | None) -> Mapping[str, str]:
    """Return the house's controls, with their titles."""
    found: dict[str, str] = {}
    for path in sorted((find_house(site or Path()).root / "roles").glob("*/controls.yml")):
        found |= dict(CONTROL.findall(path.read_text(encoding="utf-8")))
    return dict(sorted(found.items()))


@_quietly
def roles(site: Path | None) -> Mapping[str, str]:
    """Return the house's roles, in the order in which they are applied."""
    return dict.fromkeys(find_house(site or Path()).roles, "")


@_quietly
def hosts(site: Path | None) -> Mapping[str, str]:
    """Return a site's hosts, with their groups."""
    entries = mapping(_hosts_yml(site).get("hosts"))
    return {
        name: ", ".join(group for _, group in texts(mapping(entry), "groups"))
        for name, entry in entries.items()
    }


@_quietly
def groups(site: Path | None) -> Mapping[str, str]:
    """Return the groups that have hosts, with what these do."""
    data = _hosts_yml(site)
    entries = mapping(data.get("hosts")).values()
    names = [group for entry in entries for _, group in texts(mapping(entry), "groups")]
    meanings = KNOWN_GROUPS | mapping(data.get("groups"))
    return {name: str(meanings.get(name, "")) for name in dict.fromkeys(names)}


def hosts_and_groups(site: Path | None) -> Mapping[str, str]:
    """Return a site's hosts and groups."""
    return {**hosts(site), **groups(site)}


def ends_of_flows(site: Path | None) -> Mapping[str, str]:
    """Return what a flow leads from and to."""
    return {**hosts_and_groups(site), "internet": "every address that is no host of the site's"}


def _hosts_yml(site: Path | None) -> dict[str, object]:
    return read_document(site / "hosts.yml").data if site else {}


def _found(names: Names, context: click.Context) -> Mapping[str, str]:
    """Return the names of the site that the call has: its first argument that is no option.

    Of a call that ends with an option without its value, click has that among what is left over.
    """
    site = context.params.get("site") or next(iter(context.args), None)
    return names(Path(site) if site is not None and Path(site).is_dir() else None)


def _beginning_with(text: str, names: Mapping[str, str], before: str = "") -> list[CompletionItem]:
    wanted = text.lower()
    return [
        CompletionItem(f"{before}{name}", help=what or None)
        for name, what in names.items()
        if name.lower().startswith(wanted)
    ]
