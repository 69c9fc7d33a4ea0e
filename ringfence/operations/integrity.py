"""The baseline of a host's files, and what has to be there before a new one may take its place."""

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host, state

from ringfence.facts.integrity import (
    MOST_CHANGES,
    AlteredPackages,
    Baseline,
    BaselineState,
    Change,
)
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, plain

PLACE = re.compile(r"[A-Za-z0-9._+@:/-]+\*?")
MOST_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the site remembers of a host's baseline."""

    database: str
    rules: str
    taken: str
    """in seconds since the epoch, by the host's clock"""
    accepted: str = ""
    """the change by which somebody accepts the host's files as they are"""


Remember = Callable[[BaselineState, str], None]
"""Keeps, off the host, a new baseline and the reason for it."""


@operation()
def packages_restored(script: str, store: str) -> Generator[StringCommand, None, None]:
    """Ensure that packages are installed anew whose files were altered, by the last comparison."""
    absolute(script)
    absolute(store)
    altered = host.get_fact(AlteredPackages, store=store)
    if altered:
        yield StringCommand(library("integrity") + call("restored", script))
    else:
        host.noop("no package was found altered")


@operation()
def baseline(
    script: str,
    store: str,
    rules: str,
    rules_digest: str,
    trees: list[str],
    passed_over: list[str],
    kept: Kept | None,
    since: float,
    accept: bool,
    remember: Remember,
) -> Generator[StringCommand, None, None]:
    """Ensure that a host has the baseline that is kept elsewhere, and that it is of this state.

    A new one is made when none was ever kept, when somebody accepted the host's files as they are,
    and when nothing but this run, which began at `since` by the host's clock, changed files since
    the last one. Anything else is left: the control tells of it. With `accept` all is accepted.
    Of few files that were written it is taken anew of these alone.

    The site knows a new one before it takes the last one's place, so that a run that ends between
    the two leaves no baseline that nobody knows.
    """
    for path in (script, store, rules, *trees):
        absolute(path)
    for path in passed_over:
        if not PLACE.fullmatch(plain(path, "the path")):
            raise OperationValueError(f"the path {path!r} has characters that no rule may have")
    moment = kept.taken if kept else ""
    found = host.get_fact(
        Baseline, store=store, rules=rules, since=moment, trees=trees, passed_over=passed_over
    )
    if kept and found["waiting"] == kept.database != found["database"]:
        # A run ended after the site knew of it, and before it took its place.
        yield _taking_its_place(script, kept.database)
        return
    reason, refused = _reason(found, kept, rules_digest, since, accept)
    if not reason:
        host.noop(refused or "the baseline is the one that is kept")
        return
    only = _only(found, kept, rules_digest)
    yield StringCommand(library("integrity") + call("new_baseline", script, *only))
    if state.is_executing:
        asked = {"store": store, "rules": rules, "since": "", "trees": [], "passed_over": []}
        made = host.get_fact(Baseline, **asked)
        remember({**made, "database": made["waiting"], "taken": made["waiting_taken"]}, reason)
        yield _taking_its_place(script, made["waiting"])


def _only(found: BaselineState, kept: Kept | None, rules_digest: str) -> list[str]:
    """Return the files, as one regular expression of AIDE's, of which a new baseline has to be
    taken; nothing for all of them.

    Of others what the last one has is kept: nothing was written there since.
    """
    is_of_the_site = kept and found["database"] == kept.database and kept.rules == rules_digest
    names = [change["path"] for change in found["changes"]]
    is_plain = all(name.isprintable() and "?" not in name for name in names)
    if not is_of_the_site or not names or len(names) >= MOST_CHANGES or not is_plain:
        return []
    return [f"({'|'.join(re.escape(name) for name in names)})$"]


def _taking_its_place(script: str, digest: str) -> StringCommand:
    return StringCommand(library("integrity") + call("keep_baseline", script, digest))


def _reason(
    found: BaselineState, kept: Kept | None, rules_digest: str, since: float, accept: bool
) -> tuple[str, str]:
    """Return why a new baseline is made, or else why none is although files changed."""
    if kept is None:
        return "first baseline", ""
    if kept.accepted:
        return kept.accepted, ""
    replaced = found["database"] != kept.database
    changes = [change for change in found["changes"] if change["how"] != "touched"]
    foreign = [change for change in changes if change["moment"] < since]
    if replaced and not accept:
        return "", "the host's baseline is not the one that is kept: nothing is accepted"
    if foreign and not accept:
        return "", f"changed by no run of Ringfence: {_named(foreign)}: nothing is accepted"
    if replaced or foreign:
        return "changes are accepted by each apply", ""
    if changes or kept.rules != rules_digest:
        return "apply", ""
    return "", ""


def _named(changes: Sequence[Change]) -> str:
    names = [change["path"] for change in changes[:MOST_NAMED]]
    more = len(changes) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
