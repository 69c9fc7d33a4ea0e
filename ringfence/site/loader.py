"""Bytes to documents: every file of a site is read here, and nowhere is a file trusted.

Site files hold a small and unsurprising part of YAML, in UTF-8: mappings with text as keys, lists
and scalars. What else YAML offers (anchors, aliases, merge keys, tags, directives, several
documents) is refused, and so is what editors don't show (tabs, NUL, control characters).
"""

from pathlib import Path

from ringfence.site.characters import invisible
from ringfence.site.document import Document, Place
from ringfence.site.events import compose

__all__ = ["Document", "Place", "parse", "read_document"]

LARGEST_FILE = 1024 * 1024


def read_document(path: Path, name: str | None = None) -> Document:
    """Read one file of a site; `name` is how its problems call it, the path unless given.

    Nothing is raised: what is wrong, a missing file too, is in the document's problems.
    """
    document = Document(name or str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        document.refuse(1, 1, "the file is missing; `ringfence init` writes a sample of it")
    except OSError as error:
        document.refuse(1, 1, f"the file can't be read: {error.strerror}")
    else:
        return parse(content, document.file)
    return document


def parse(content: bytes, file: str) -> Document:
    """Parse the bytes of one file; nothing is raised, what is wrong is in the problems."""
    document = Document(file)
    text = _decode(content, document)
    if text is not None:
        compose(text, document)
    return document


def _decode(content: bytes, document: Document) -> str | None:
    if len(content) > LARGEST_FILE:
        document.refuse(1, 1, "the file is larger than 1 MiB, which no site's file needs")
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        document.refuse(1, 1, "the file is UTF-16; save it as UTF-8")
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _line_and_column(content[: error.start].decode("utf-8"))
        wrong = f"byte {error.start} (0x{content[error.start]:02x})"
        document.refuse(*place, f"{wrong} is not UTF-8; save the file as UTF-8")
        return None
    text = text.removeprefix("\ufeff")
    if (found := invisible(text)) is None:
        return text
    document.refuse(*_line_and_column(text[: found[0]]), found[1])
    return None


def _line_and_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")
