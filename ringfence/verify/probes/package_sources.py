"""Where packages come from, and whether apt takes what nobody signed.

The forms are those of sources.list(5): a line of a `.list` file, or a stanza of a `.sources` file.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ONE_LINE = "/etc/apt/sources.list /etc/apt/sources.list.d/*.list"
STANZAS = "/etc/apt/sources.list.d/*.sources"
SETTINGS = {
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowWeakRepositories": "false",
    "Acquire::AllowDowngradeToInsecureRepositories": "false",
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::https::Verify-Peer": "true",
    "Acquire::https::Verify-Host": "true",
}
"""What apt's settings must say of signatures, and what they say when nobody sets them."""
TRUE, FALSE = ("yes", "true", "1", "on", "with", "enable"), ("no", "false", "0", "off", "without")
UNSIGNED = r"""
export LC_ALL=C
place=$(mktemp -d) && cd "$place" && mkdir -p repository lists/partial && : >repository/Packages
digest=$(sha256sum <repository/Packages | cut -d" " -f1)
printf "deb file://%s/repository ./\n" "$place" >sources.list
printf "Date: %s\nSHA256:\n %s 0 Packages\n" "$(date -Ru)" "$digest" >repository/Release
apt-get -qq -o Dir::Etc::SourceList="$place/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$place/lists" -o APT::Sandbox::User=root update >log 2>&1
printf "%s %s\n" "$?" "$(grep -c "is not signed" log)"
cd / && rm -rf "$place"
"""


@dataclass(frozen=True)
class Source:
    """A source of packages."""

    file: str
    uri: str
    options: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.uri} ({self.file})"

    @property
    def place(self) -> str:
        """The URI without a slash at its end."""
        return self.uri.rstrip("/")

    @property
    def key(self) -> str:
        """The files or the text of the key that it is signed by; empty for none."""
        return dict(self.options).get("signed-by", "")

    @property
    def loose(self) -> list[str]:
        """The options by which apt does without signatures."""
        names = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")
        return [f"{n}={v}" for n, v in self.options if n in names and v.lower() in TRUE]


def sources(host: Any) -> list[Source]:
    """Return the sources that apt reads, those that are turned off left out."""
    return [*_lines(host), *_stanzas(host)]


def approval(source: Source, approved: Mapping[str, str]) -> str:
    """Return the file of the keys of an approved source; empty if nobody approved it.

    Of approved places those that begin with `*` are anybody's whose path ends so.
    """
    exact = approved.get(source.place, "")
    ends = [key for place, key in approved.items() if place[:1] == "*" and _ends(source, place)]
    return exact or next(iter(ends), "")


def _ends(source: Source, place: str) -> bool:
    return source.place.endswith(place.removeprefix("*"))


def digests(host: Any, paths: Iterable[str]) -> dict[str, str]:
    """Return the digest of each key file that root alone may write; of others nothing."""
    wanted = {path for path in paths if path[:1] == "/"}
    if not wanted:
        return {}
    words = " ".join(map(shlex.quote, sorted(wanted)))
    roots = f"find -L {words} -maxdepth 0 -type f -size +0 -user root ! -perm /022"
    text = host.run(f"{roots} -exec sha256sum -- {{}} +").stdout
    lines = (line.partition("  ") for line in text.splitlines())
    return {path: digest for digest, _, path in lines}


def foreign_keys(host: Any, found: list[Source], approved: Mapping[str, str]) -> list[str]:
    """Return the sources that are not signed by the keys of their approved place alone.

    Files are compared by what they hold: Debian's keys have several names. A source that is
    signed by a key in its own text is one of them.
    """
    given = {one: [path for path in re.split(r"[,\s]+", one.key) if path] for one in found}
    wanted = {one: approval(one, approved) for one in found}
    known = digests(host, {*wanted.values(), *(path for paths in given.values() for path in paths)})
    return [
        str(one)
        for one in found
        if wanted[one]
        and {known.get(path, "none") for path in given[one]} != {known.get(wanted[one], "missing")}
    ]


def settings(host: Any) -> dict[str, str]:
    """Return what apt's settings say of signatures, `true` or `false`."""
    text = host.check_output("apt-config dump")
    said = dict(re.findall(r'^(\S+) "(.*)";$', text, re.MULTILINE))
    lower = {name.lower(): value.lower() for name, value in said.items()}
    found = {}
    for name, default in SETTINGS.items():
        value = lower.get(name.lower(), "") or default
        found[name] = "true" if value in TRUE else "false" if value in FALSE else value
    return found


def takes_what_nobody_signed(host: Any) -> str:
    """Return what apt does with a source that nobody signed: `refuses` or `takes`."""
    code, _, told = host.run(UNSIGNED).stdout.strip().partition(" ")
    if code.isdigit() and code != "0" and told.strip() not in ("", "0"):
        return "refuses"
    return "takes" if code == "0" else f"fails otherwise ({code or 'no answer'})"


def keys_for_all(host: Any) -> list[str]:
    """Return the files of keys that count for every source and that no package brought."""
    text = host.run(
        "for one in /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/*; do "
        '[ ! -s "$one" ] || dpkg -S "$one" >/dev/null 2>&1 || printf "%s\\n" "$one"; done'
    ).stdout
    return list(text.splitlines())


def _lines(host: Any) -> Iterator[Source]:
    text = host.run(f"grep -HE '^[[:space:]]*deb(-src)?[[:space:]]' {ONE_LINE}").stdout
    for line in text.splitlines():
        file, _, entry = line.partition(":")
        words = re.sub(r"\[[^\]]*\]", " ", entry).split()
        bracket = re.search(r"\[([^\]]*)\]", entry)
        options = [w.partition("=") for w in (bracket[1].split() if bracket else ())]
        yield Source(file, words[1], tuple((n.lower(), v) for n, _, v in options))


def _stanzas(host: Any) -> Iterator[Source]:
    text = host.run(
        f'for one in {STANZAS}; do [ ! -f "$one" ] || {{ printf "\\n\\nFile: %s\\n" "$one"; '
        'grep -v "^[[:space:]]*#" "$one"; }; done'
    ).stdout
    file = ""
    for block in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in block.strip("\n").splitlines():
            if line[:1] in (" ", "\t"):
                fields[name] = f"{fields.get(name, '')}\n{line.strip()}"
            else:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        file = fields.pop("file", file)
        if fields.get("enabled", "yes").lower() not in FALSE:
            for uri in fields.get("uris", "").split():
                yield Source(file, uri, tuple(fields.items()))
