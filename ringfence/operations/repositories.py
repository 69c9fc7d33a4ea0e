"""Where packages come from: approved places alone, each with the key that signs what it offers."""

import re
from collections.abc import Generator, Mapping

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.repositories import Entry, Repositories
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, plain
from ringfence.operations.telling import would, would_change, would_change_each, would_edit

LINE = re.compile(r"\s*deb(?:-src)?\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)")
DEBIANS = frozenset(
    f"/usr/share/keyrings/debian-archive-keyring.{ending}" for ending in ("gpg", "pgp")
)
LOOSE = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")
"""Options by which apt does without signatures (sources.list(5))."""
YES = ("yes", "true", "1", "on", "with", "enable")


@operation()
def signed(approved: Mapping[str, str]) -> Generator[StringCommand, None, None]:
    """Ensure that every source is one of `approved` (place to key file), and signed by its key.

    `*` at the beginning of a place stands for any computer. A source without a key of its own, or
    of a named place with another one, gets that of its place. One that nobody approved, that has
    another key than a place of any computer's wants, or that does without signatures, becomes a
    comment; so do settings of apt's that do, and keys that count for every source go to
    /var/lib/ringfence/previous, unless a package brought them. Root alone writes key files. A host
    of which no source would be left, and with it no update, is refused; so is one that has not the
    key which a source needs.
    """
    for uri, key in approved.items():
        plain(uri.removeprefix("*"), "the source")
        absolute(key)
    state = host.get_fact(Repositories, signing=sorted(set(approved.values())))
    lines, kept, turned_off = [], 0, []
    silenced: dict[str, list[int]] = {}
    signed_anew: list[tuple[str, str]] = []
    # From the end of a file on, so that the numbers of the lines above stay true.
    for entry in sorted(state["entries"], key=lambda one: -one["first"]):
        options, uris = _parse(entry)
        if options.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        places = {_place_of(uri.rstrip("/"), approved) for uri in uris}
        keys = {approved[place] for place in places if place is not None}
        given = options.get("signed-by")
        known = given is not None and keys <= _names_of(given)
        is_named = all(place is not None and place[0] != "*" for place in places)
        is_loose = any(options.get(name, "no").lower() in YES for name in LOOSE)
        is_open = given is None or is_named
        if is_loose or len(keys) != 1 or None in places or not (known or is_open):
            numbers = range(entry["first"], entry["last"] + 1)
            silenced.setdefault(entry["file"], []).extend(numbers)
            lines.append(call("silence", entry["file"], *map(str, numbers)))
            turned_off += uris
            continue
        kept += 1
        if not known:
            first, last, key = str(entry["first"]), str(entry["last"]), keys.pop()
            signed_anew.append((f"{entry['file']}, line {first}", f"signed by {key}"))
            if entry["file"].endswith(".sources"):
                lines.append(call("sign_stanza", entry["file"], first, last, key))
            else:
                lines.append(call("sign_line", entry["file"], last, key))
    wrong: dict[str, list[str]] = {}
    for file, number in state["loose"]:
        wrong.setdefault(file, []).append(str(number))
    lines += [call("silence", file, *numbers) for file, numbers in wrong.items()]
    lines += [call("remove", file) for file in state["keys"]]
    lines += [call("close", file) for file in state["open"]]
    if turned_off and not kept:
        lines = [call("refuse", *sorted(set(turned_off)))]
    else:
        would_edit(silenced)
        would_change_each(signed_anew)
        would_edit(wrong)
        for file in state["keys"]:
            would("removal", path=file)
        would_change("root's alone to write", *state["open"])
    if lines:
        opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
        script = library("tree") + library("repositories") + "\n".join([*opening, *lines])
        yield StringCommand(script)
    else:
        host.noop(f"{len(state['entries'])} sources are approved and signed")


def _place_of(uri: str, approved: Mapping[str, str]) -> str | None:
    """Return the approved place of a source: a named one before those of any computer."""
    if uri in approved:
        return uri
    any_computer = (place for place in approved if place[0] == "*" and uri.endswith(place[1:]))
    return next(any_computer, None)


def _names_of(key: str) -> frozenset[str]:
    """Return every name of a key file: the keyring of Debian's archive has two."""
    return DEBIANS if key in DEBIANS else frozenset({key})


def _parse(entry: Entry) -> tuple[dict[str, str], list[str]]:
    """Return the options of an entry, in lower case, and its URIs."""
    if entry["file"].endswith(".sources"):
        fields: dict[str, str] = {}
        name = ""
        for line in entry["text"].splitlines():
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            else:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        return fields, fields.get("uris", "").split()
    found = LINE.match(entry["text"])
    if not found:
        return {}, []
    words = (word.partition("=") for word in (found["options"] or "").split())
    return {name.lower(): value for name, _, value in words}, [found["uri"]]
