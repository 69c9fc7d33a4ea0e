"""YAML's events to plain data.

There is no recursion: the depth of a file costs a counter. Scalars are read as YAML 1.2's core
schema does, made narrower, so that nothing surprises: `true` and `false` alone are booleans, a
decimal number without leading zeros is a number; `no`, `1:30`, `012`, `1e3` and dates are text.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from ringfence.site.characters import smuggled
from ringfence.site.document import Document, Place
from ringfence.site.problems import Path, shown

DEEPEST = 16
TOO_DEEP = f"nested deeper than {DEEPEST} levels, which no file needs"

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, document: Document) -> None:
    """Fill a document with the data of a text, and with everything that is wrong with its YAML."""
    parser = _Parser(text)
    try:
        _Composer(document).take_all(parser)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.problem, error.context) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        # Newer libyamls look ahead with a limit of their own: they may speak before we do.
        deep = "nesting depth" in what
        document.refuse(line, column, TOO_DEEP if deep else f"not YAML: {what[:200]}")
    except yaml.YAMLError as error:
        document.refuse(1, 1, f"not YAML: {str(error)[:200]}")
    finally:
        parser.dispose()


def resolve(text: str, plain: bool) -> Any:
    """Return the value of a scalar; plain text may be None, a bool, an int or a float."""
    if not plain:
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text


@dataclass
class _Open:
    """A mapping or a list that is being read."""

    value: dict[str, Any] | list[Any]
    path: Path
    expects_key: bool
    key: str = ""
    key_mark: Any = None
    drops_value: bool = False


class _Composer:
    """Takes events one by one; `stack` holds what is open."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []

    def take_all(self, parser: Any) -> None:
        documents = 0
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if event.version or event.tags:
                    self.refuse(event, "a directive (%); remove it")
                if documents > 1:
                    self.refuse(event, "a second document; a site's file is one, so remove the ---")
                    return
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self.stack.pop()
            elif isinstance(event, yaml.NodeEvent):
                self.refuse_what_is_not_plain(event)
                if isinstance(event, yaml.CollectionStartEvent) and len(self.stack) >= DEEPEST:
                    self.refuse(event, TOO_DEEP)
                    return
                self.take(event)

    def take(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and top.expects_key:
            self.take_key(top, event)
        elif isinstance(event, yaml.ScalarEvent):
            self.put(self.scalar(event), event)
        elif isinstance(event, yaml.AliasEvent):
            self.put(None, event)
        else:
            value = _empty(event)
            self.stack.append(_Open(value, self.put(value, event), isinstance(value, dict)))

    def refuse_what_is_not_plain(self, event: Any) -> None:
        name = str(event.anchor)[:40]
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, f"an alias (*{name}); write the value out")
            return
        if event.anchor is not None:
            self.refuse(event, f"an anchor (&{name}); write the value where it is used")
        if event.tag is not None:
            self.refuse(event, f"a tag ({shown(event.tag)}); remove it")

    def take_key(self, top: _Open, event: Any) -> None:
        top.expects_key, top.key, top.key_mark = False, "", event.start_mark
        top.drops_value = True
        if isinstance(event, yaml.CollectionStartEvent):
            self.refuse(event, "a key must be text, not a mapping or a list")
            value = _empty(event)
            self.stack.append(_Open(value, top.path, isinstance(value, dict)))
            return
        if isinstance(event, yaml.AliasEvent):
            return
        key = self.scalar(event)
        if key == "<<" and not event.style:
            self.refuse(event, "a merge key (<<); write the values out")
        elif not isinstance(key, str):
            self.refuse(event, f"the key {shown(event.value)} is no text to YAML; put it in quotes")
        elif key in top.value:
            line = self.document.place((*top.path, key)).key_line
            self.refuse(event, f"the key {shown(key)} is in line {line} already; keep one of them")
        else:
            top.key, top.drops_value = key, False

    def put(self, value: Any, event: Any) -> Path:
        """Put a value where the reading is; return its path."""
        mark = event.start_mark
        if not self.stack:
            if isinstance(value, dict):
                self.document.data = value
            elif value is not None:
                self.refuse(event, f"the file must hold a mapping (key: value), not {shown(value)}")
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path: Path = (*top.path, len(top.value))
            top.value.append(value)
            self.mark(path, mark, mark)
            return path
        path = (*top.path, top.key)
        top.expects_key = True
        if not top.drops_value:
            top.value[top.key] = value
            self.mark(path, top.key_mark, mark)
        return path

    def mark(self, path: Path, key: Any, value: Any) -> None:
        self.document.places[path] = Place(
            value.line + 1, value.column + 1, key.line + 1, key.column + 1
        )

    def scalar(self, event: Any) -> Any:
        if (message := smuggled(event.value)) is not None:
            self.refuse(event, message)
        return resolve(event.value, plain=not event.style)

    def refuse(self, event: Any, message: str) -> None:
        mark = event.start_mark
        path = self.stack[-1].path if self.stack else ()
        self.document.refuse(mark.line + 1, mark.column + 1, message, path)


def _empty(event: Any) -> dict[str, Any] | list[Any]:
    return {} if isinstance(event, yaml.MappingStartEvent) else []
