"""Where packages come from: approved places alone, each with the key that signs what it offers."""

import re
from collections.abc import Generator, Mapping

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.repositories import Entry, Repositories
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, plain

LINE = re.compile(r"\s*deb(?:-src)?\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)")
LOOSE = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")
"""Options by which apt does without signatures (sources.list(5))."""
YES = ("yes", "true", "1", "on", "with", "enable")


@operation()
def signed(approved: Mapping[str, str]) -> Generator[StringCommand, None, None]:
    """Ensure that every source is one of `approved` (place to key file), and signed by a key.

    A source without a key of its own gets that of its place. One that nobody approved, or that
    does without signatures, becomes a comment; so do settings of apt's that do, and keys that
    count for every source go to /var/lib/ringfence/previous, unless a package brought them.
    """
    for uri, key in approved.items():
        plain(uri, "the source")
        absolute(key)
    state = host.get_fact(Repositories)
    lines = []
    # From the end of a file on, so that the numbers of the lines above stay true.
    for entry in sorted(state["entries"], key=lambda one: -one["first"]):
        options, uris = _parse(entry)
        keys = {approved.get(uri.rstrip("/")) for uri in uris}
        loose = any(options.get(name, "no").lower() in YES for name in LOOSE)
        if options.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if loose or not uris or None in keys:
            numbers = [str(n) for n in range(entry["first"], entry["last"] + 1)]
            lines.append(call("silence", entry["file"], *numbers))
        elif "signed-by" not in options:
            key = sorted(key for key in keys if key)[0]
            how = "sign_stanza" if entry["file"].endswith(".sources") else "sign_line"
            lines.append(call(how, entry["file"], str(entry["last"]), key))
    wrong: dict[str, list[str]] = {}
    for file, number in state["loose"]:
        wrong.setdefault(file, []).append(str(number))
    lines += [call("silence", file, *numbers) for file, numbers in wrong.items()]
    lines += [call("remove", file) for file in state["keys"]]
    if lines:
        opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
        script = library("tree") + library("repositories") + "\n".join([*opening, *lines])
        yield StringCommand(script)
    else:
        host.noop(f"{len(state['entries'])} sources are approved and signed")


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
