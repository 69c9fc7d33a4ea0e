"""What `secrets.yml.age` holds: names and texts, which no representation ever shows."""

import re
from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from ringfence.errors import ToolError, UsageError
from ringfence.site.loader import parse as parse_document
from ringfence.site.problems import nearest

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,62}")

SAMPLE = b"""\
# The secrets of this site: a name, a colon, and the value in single quotes.
# A value of several lines:
#   bank_api_key: |
#     first line
#     second line
"""


class Secrets(Mapping[str, SecretStr]):
    """The secrets of a site by name; `[name].get_secret_value()` is the one way to a value."""

    def __init__(self, values: Mapping[str, str], source: str) -> None:
        """Keep `values`; `source` is the file's name, for the sentence about an unknown name."""
        self._values = {name: SecretStr(value) for name, value in values.items()}
        self._source = source

    def __getitem__(self, name: str) -> SecretStr:
        """Return a secret. Raises UsageError, with the nearest name, for an unknown one."""
        try:
            return self._values[name]
        except KeyError:
            hint = nearest(name, self._values)
            raise UsageError(f"{self._source} has no secret {name!r}{hint}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<{len(self)} secrets of {self._source}>"


def parse(content: bytes, source: str) -> Secrets:
    """Read the YAML of the secrets: a mapping of names to texts, strict as all files of a site.

    Raises UsageError with the place of each fault. Its sentences are fixed: they repeat nothing of
    the content, not even a key, for a misplaced line may hold a value.
    """
    document = parse_document(content, source)
    faults = [
        (
            problem.line,
            problem.column,
            "is not plain YAML: put the value in single quotes, or remove this",
        )
        for problem in document.problems
    ]
    for name, value in document.data.items():
        place = document.place((name,))
        if not NAME.fullmatch(name):
            faults.append(
                (
                    place.key_line,
                    place.key_column,
                    "has a name that is not lower-case letters, digits, _ . -, a letter first",
                )
            )
        elif not isinstance(value, str):
            faults.append(
                (place.line, place.column, "must be text: put the value in single quotes")
            )
        elif not value.strip():
            faults.append((place.line, place.column, "is empty"))
    if faults:
        lines = [
            f"{source}:{line}:{column}: {fault}" for line, column, fault in sorted(set(faults))
        ]
        raise UsageError("\n".join(lines))
    return Secrets(document.data, source)


def with_value(plain: bytes, name: str, value: str, source: str) -> bytes:
    """Return the YAML of the secrets with a value of whole lines, in place of a former one.

    The rest, comments too, stays as it is. Raises ToolError when that can't be done.
    """
    entry = re.compile(rf"^{re.escape(name)}:.*\n?(?:[ \t].*\n?|\n(?=[ \t]))*", re.MULTILINE)
    before = parse(plain, source) if plain.strip() else Secrets({}, source)
    new = f"{name}: |\n" + "".join(f"  {line}\n" for line in value.splitlines())
    text = entry.sub("", plain.decode())
    # A last line without an end may belong to a value, which an added line break would change.
    changed = (text + new if text.endswith("\n") else new + text).encode()
    after = parse(changed, source)
    others = {key: text for key, text in before.items() if key != name}
    if dict(after) != {**others, name: SecretStr(value)}:
        raise ToolError(f"{source}: {name} can't be replaced: remove it by hand first")
    return changed
