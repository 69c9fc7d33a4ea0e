"""`secrets.recipients`: the public keys that can open the secrets, each with its owner.

The file is what `age -R` reads: a key a line, and comments. The comment above a key names its
owner, so that a review sees whose key is added.
"""

import re
from dataclasses import dataclass
from typing import Any

import pyrage

from ringfence.errors import UsageError
from ringfence.site.keys import parse_public_key
from ringfence.site.problems import SECRET_TEXT, nearest, shown
from ringfence.site.section import LOGIN_NAME

HEAD = """\
# Whose keys open secrets.yml.age: `# owner: NAME`, and below it an age or ssh-ed25519 public key.
# After a change by hand: ringfence secrets rotate
"""
OWNER = re.compile(r"#\s*owner:\s*(\S+)\s*")
AGE = re.compile(r"age1[02-9ac-hj-np-z]{58}")


@dataclass(frozen=True)
class Recipient:
    """One key that opens the secrets, and the person who holds its private half."""

    owner: str
    key: str
    """`age1…`, or algorithm and base64 text of an ssh key; without comment."""

    def for_age(self) -> Any:
        """Return the recipient as pyrage takes it."""
        kind = pyrage.x25519 if self.key.startswith("age1") else pyrage.ssh
        return kind.Recipient.from_str(self.key)


def public_key(text: str) -> str:
    """Return a public key in its canonical form.

    Raises ValueError with the rest of a sentence; a private key is never repeated in it.
    """
    text = text.strip()
    if SECRET_TEXT.search(text):
        raise ValueError(
            "is a PRIVATE key: treat it as leaked, make a new one, and give its public half"
        )
    if text.startswith("age1"):
        if not AGE.fullmatch(text):
            raise ValueError("is not an age public key (age1 and 58 characters)")
        try:
            pyrage.x25519.Recipient.from_str(text)
        except pyrage.RecipientError:
            raise ValueError("is not an age public key: a character is mistyped") from None
        return text
    if not text.startswith("ssh-ed25519 "):
        raise ValueError("is neither an age public key (age1…) nor an ssh-ed25519 one")
    return parse_public_key(text).line


def parse(text: str, source: str) -> list[Recipient]:
    """Read `secrets.recipients`. Raises UsageError for the first line that is wrong."""
    found: list[Recipient] = []
    owner: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if named := OWNER.fullmatch(line.strip()):
            owner = _owner(named[1], f"{source}:{number}")
        elif line.strip() and not line.lstrip().startswith("#"):
            try:
                key = public_key(line)
            except ValueError as error:
                raise UsageError(f"{source}:{number}: the key {error}") from None
            if owner is None:
                raise UsageError(
                    f"{source}:{number}: the key needs a line `# owner: NAME` above it"
                )
            if any(key == known.key for known in found):
                raise UsageError(f"{source}:{number}: the key stands in the file twice")
            found.append(Recipient(owner, key))
            owner = None
    return found


def written(recipients: list[Recipient]) -> str:
    """Return the text of `secrets.recipients`."""
    return HEAD + "".join(f"# owner: {each.owner}\n{each.key}\n" for each in recipients)


def with_added(recipients: list[Recipient], owner: str, text: str) -> list[Recipient]:
    """Return the recipients and a new one. Raises UsageError for a bad key or one that is there."""
    try:
        key = public_key(text)
    except ValueError as error:
        raise UsageError(f"what was given {error}") from None
    for known in recipients:
        if known.key == key:
            raise UsageError(f"this key is a recipient already, as {known.owner}'s")
    return [*recipients, Recipient(_owner(owner, "--owner"), key)]


def with_removed(recipients: list[Recipient], who: str) -> list[Recipient]:
    """Return the recipients without those of an owner, or without one key.

    Raises UsageError when nobody is meant, or when nobody would be left.
    """
    key = " ".join(who.split()[:2])
    kept = [each for each in recipients if each.owner != who and each.key != key]
    if len(kept) == len(recipients):
        hint = nearest(who, {each.owner for each in recipients})
        raise UsageError(f"{shown(who)} is no recipient's owner, nor a recipient's key{hint}")
    if not kept:
        raise UsageError("that is the last recipient: nobody could open the secrets any more")
    return kept


def _owner(name: str, where: str) -> str:
    if not re.fullmatch(LOGIN_NAME, name):
        raise UsageError(f"{where}: the owner {shown(name)} is not a login name")
    return name
