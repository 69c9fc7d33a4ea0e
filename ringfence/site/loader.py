"""YAML in, plain data and the place of every key and value out.

Site files hold a small and unsurprising part of YAML: mappings with text as keys, lists and scalars.
Scalars are read as YAML 1.2's core schema does, made narrower: `true` and `false` alone are booleans,
a decimal number without a leading zero is a number, everything else (`no`, `1:30`, `012`, dates) is text.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ringfence.site.problems import Path as KeyPath
from ringfence.site.problems import Problem, dotted, shown

LARGEST_FILE = 1024 * 1024
DEEPEST = 16

UNWANTED = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
NULLS = {"", "~", "null", "Null", "NULL"}

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Place:
    """Line and column of a value (from 1); for a value in a mapping also of its key."""

    line: int
    column: int
    key_line: int
    key_column: int


@dataclass
class Document:
    """One file: plain data, the places of its values by path, and what is wrong with its YAML."""

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: KeyPath) -> Place:
        """Return the place of a value, or of the nearest thing around it that stands in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1, 1, 1))

    def problem(self, path: KeyPath, message: str, *, key: bool = False) -> Problem:
        """Make the problem of the value at `path`, or (with `key`) of its key."""
        place = self.place(path)
        line, column = (place.key_line, place.key_column) if key else (place.line, place.column)
        return Problem(self.file, line, column, dotted(path), self.value(path), message)

    def value(self, path: KeyPath) -> str:
        """Show the value at `path`, shortened; empty when nothing stands there."""
        found: Any = self.data
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return ""
        return shown(found, path)


def read_document(path: Path, name: str | None = None) -> Document:
    """Read one file of a site; what is wrong with it is in the document's problems, never raised."""
    document = Document(name or str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return _refused(document, 1, 1, "the file is missing; `ringfence init` writes a sample")
    except OSError as error:
        return _refused(document, 1, 1, f"the file can't be read: {error.strerror}")
    return parse(content, document.file)


def parse(content: bytes, file: str) -> Document:
    """Parse the bytes of one file of a site."""
    document = Document(file)
    if len(content) > LARGEST_FILE:
        return _refused(document, 1, 1, "the file is larger than 1 MiB; a site's file never is")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _refused(document, 1, 1, "the file is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(content[: error.start].decode("utf-8"))
        message = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8; save the file as UTF-8"
        return _refused(document, line, column, message)
    text = text.removeprefix("\ufeff")
    if (unwanted := UNWANTED.search(text)) is not None:
        line, column = _line_and_column(text[: unwanted.start()])
        return _refused(document, line, column, _unwanted_sentence(unwanted.group()))
    _Builder(document).build(text)
    return document


def _unwanted_sentence(character: str) -> str:
    if character == "\t":
        return "a tab; indent and separate with spaces (in a double-quoted text write \\t)"
    if character == "\r":
        return "a lone carriage return; end lines with a line feed"
    kind = "a NUL byte" if character == "\0" else f"the invisible character U+{ord(character):04X}"
    return f"{kind}; remove it"


def _line_and_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _refused(document: Document, line: int, column: int, message: str) -> Document:
    document.problems.append(Problem(document.file, line, column, "", "", message))
    return document


class _TooDeepError(Exception):
    pass


@dataclass
class _Open:
    """A mapping or a list that is being read."""

    value: dict[str, Any] | list[Any]
    path: KeyPath
    key: str | None = None
    key_mark: Any = None
    skipped_key: bool = False


class _Builder:
    """Turns YAML events into data without recursion, so that depth costs nothing but a count."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []

    def build(self, text: str) -> None:
        parser = _Parser(text)
        documents = 0
        try:
            while parser.check_event():
                event = parser.get_event()
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if event.version or event.tags:
                        self.complain(event, "a % directive; remove it")
                    if documents > 1:
                        self.complain(
                            event, "a second document (after ---); a site's file is one document"
                        )
                        return
                else:
                    self.take(event)
        except yaml.MarkedYAMLError as error:
            self.complain_about_syntax(error)
        except yaml.YAMLError as error:
            _refused(self.document, 1, 1, f"not YAML: {_first_line(str(error))}")
        except _TooDeepError:
            return
        finally:
            parser.dispose()

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.complain(event, f"an alias (*{event.anchor}); write the value out")
            self.put(None, event)
            return
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
            return
        if not isinstance(event, yaml.NodeEvent):
            return
        if event.anchor is not None:
            self.complain(
                event, f"an anchor (&{event.anchor}); write the value out where it is needed"
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.complain(event, f"a tag ({shown(tag)}); remove it")
        if isinstance(event, yaml.ScalarEvent):
            self.take_scalar(event)
        else:
            self.open(event, {} if isinstance(event, yaml.MappingStartEvent) else [])

    def take_scalar(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self.take_key(top, top.value, event)
        else:
            self.refuse_escapes(event)
            self.put(_scalar(event), event)

    def refuse_escapes(self, event: yaml.ScalarEvent) -> None:
        found = UNWANTED.search(event.value.replace("\t", " "))
        if found is not None:
            self.complain(event, f"the escape of {_unwanted_sentence(found.group())}")

    def take_key(self, top: _Open, mapping: dict[str, Any], event: yaml.ScalarEvent) -> None:
        self.refuse_escapes(event)
        key = _scalar(event)
        top.key, top.key_mark, top.skipped_key = event.value, event.start_mark, False
        if not event.style and event.value == "<<":
            self.complain(event, "a merge key (<<); write the values out")
            top.skipped_key = True
        elif not isinstance(key, str):
            self.complain(event, f"the key {shown(key)} is not text; put it in quotes")
            top.skipped_key = True
        elif key in mapping:
            first = self.document.place((*top.path, key)).key_line
            self.complain(
                event, f"the key {shown(key)} stands here already, in line {first}; keep one"
            )
            top.skipped_key = True

    def open(self, event: yaml.NodeEvent, value: dict[str, Any] | list[Any]) -> None:
        top = self.stack[-1] if self.stack else None
        if len(self.stack) >= DEEPEST:
            self.complain(event, f"nested deeper than {DEEPEST} levels; a site's file never is")
            raise _TooDeepError
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self.complain(event, "a key must be text, not a mapping or a list")
            self.stack.append(_Open(value, top.path))
            top.key, top.key_mark, top.skipped_key = "", event.start_mark, True
            return
        self.stack.append(_Open(value, self.put(value, event)))

    def put(self, value: Any, event: yaml.Event) -> KeyPath:
        """Place a value where the reading stands; return its path."""
        mark: Any = event.start_mark
        if not self.stack:
            if isinstance(value, dict):
                self.document.data = value
            elif value is not None:
                self.complain(
                    event, f"the file must hold a mapping (key: value), not {shown(value)}"
                )
            self.document.places[()] = Place(mark.line + 1, mark.column + 1, 1, 1)
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path: KeyPath = (*top.path, len(top.value))
            top.value.append(value)
            self.mark(path, mark, mark)
            return path
        if top.key is None:
            self.complain(event, "an alias is no key")
            top.key, top.key_mark, top.skipped_key = "", mark, True
            return top.path
        path = (*top.path, top.key)
        if not top.skipped_key:
            top.value[top.key] = value
            self.mark(path, top.key_mark, mark)
        top.key = None
        return path

    def mark(self, path: KeyPath, key: Any, value: Any) -> None:
        self.document.places[path] = Place(
            value.line + 1, value.column + 1, key.line + 1, key.column + 1
        )

    def complain(self, event: yaml.Event, message: str) -> None:
        mark: Any = event.start_mark
        path: KeyPath = self.stack[-1].path if self.stack else ()
        self.document.problems.append(
            Problem(self.document.file, mark.line + 1, mark.column + 1, dotted(path), "", message)
        )

    def complain_about_syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = _first_line(" ".join(part for part in (error.problem, error.context) if part))
        _refused(self.document, line, column, f"not YAML: {what}")


def _first_line(text: str) -> str:
    return (text.splitlines() or ["unreadable"])[0][:200]


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = event.value
    if event.style:
        return text
    if text in NULLS:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text):
        return float(text)
    return text
