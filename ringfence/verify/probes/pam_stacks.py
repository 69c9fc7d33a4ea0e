"""PAM's stacks as libpam reads them, and what libpam would answer when modules answer so and so.

Sources: pam.conf(5) for the syntax, the default actions and the order of folders; `_pam_dispatch`
of Linux-PAM for jumps, substacks and what wins. Nothing is logged in and nothing is counted.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FOLDERS = ("/etc/pam.d", "/usr/lib/pam.d")
"""Where libpam looks for a service; the first that has it wins."""
WORD = re.compile(r"\[(?:\\\]|[^\]])*\]|\S+")
LONGEST_CHAIN = 32
"""Files that include each other; libpam gives up there too."""
KNOWN = {"pam_permit": ("success",), "pam_deny": ("auth_err",)}
POSSIBLE = ("success", "auth_err", "ignore")
MOST_MODULES = 10
"""Beyond that, trying every answer of every module would take too long."""

Actions = Mapping[str, str]
DEFAULTS: dict[str, Actions] = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}


@dataclass(frozen=True)
class Entry:
    """One module in a stack, and what is made of its answers."""

    module: str
    """the file's name without folder and `.so`: pam_unix"""
    arguments: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]
    place: str
    """file and line"""

    def action(self, answer: str) -> str:
        """Return what an answer leads to: ok, bad, die, done, ignore, reset, or a jump."""
        actions = dict(self.actions)
        return actions.get(answer, actions.get("default", "bad"))

    def value(self, name: str) -> str | None:
        """Return the last value of an option: `deny=5` → 5; empty for a bare word, None if none."""
        found = None
        for argument in self.arguments:
            key, _, value = argument.partition("=")
            if key == name:
                found = value
        return found

    def __str__(self) -> str:
        return f"{self.module} ({self.place})"


@dataclass(frozen=True)
class Substack:
    """Another stack that is taken as one module."""

    entries: tuple["Entry | Substack", ...]


Stack = tuple[Entry | Substack, ...]
Answers = Callable[[Entry], str]


@dataclass(frozen=True)
class Outcome:
    """What libpam would answer, and which modules it would have asked on the way."""

    answer: str
    asked: tuple[Entry, ...]

    def asks(self, module: str, argument: str | None = None) -> bool:
        """Whether a module was asked, with an argument if one is named."""
        return any(
            entry.module == module and (argument is None or argument in entry.arguments)
            for entry in self.asked
        )


class PamStacks:
    """The stacks of every service of a host."""

    def __init__(self, host: Any) -> None:
        """Read every file of PAM of ``host`` (testinfra's) in one command."""
        places = " ".join(f"{folder}/*" for folder in FOLDERS)
        self._files: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        for line in host.run(f"grep -aHs --null '' -- {places} </dev/null").stdout.split("\n"):
            path, found, text = line.partition("\0")
            if found:
                self._files.setdefault(path, []).append(text)
        for folder in reversed(FOLDERS):
            for path in self._files:
                if path.startswith(f"{folder}/"):
                    self._names[path.removeprefix(f"{folder}/")] = path

    def services(self) -> list[str]:
        """Return the services, `other` among them, without the parts that they include."""
        return sorted(
            name for name in self._names if not name.startswith("common-") and "." not in name
        )

    def stack(self, service: str, kind: str) -> Stack:
        """Return the stack of one kind (auth, account, password, session) of a service."""
        return tuple(self._read(self._names.get(service, self._names.get("other", "")), kind, 0))

    def entries(self, kind: str, module: str) -> dict[str, list[Entry]]:
        """Return where a module stands in the stacks of a kind, by service; services without it
        are left out."""
        found = {
            service: [one for one in flat(self.stack(service, kind)) if one.module == module]
            for service in self.services()
        }
        return {service: entries for service, entries in found.items() if entries}

    def _read(self, path: str, kind: str, depth: int) -> Iterable[Entry | Substack]:
        if depth > LONGEST_CHAIN:
            raise ValueError(f"{path} includes itself")
        for number, text in _lines(self._files.get(path, [])):
            words = WORD.findall(text)
            if words[0] == "@include":
                yield from self._read(self._path(words[1]), kind, depth + 1)
                continue
            if words[0].removeprefix("-").lower() != kind or len(words) < 3:
                continue
            _, control, module, *arguments = words
            if control == "include":
                yield from self._read(self._path(module), kind, depth + 1)
            elif control == "substack":
                yield Substack(tuple(self._read(self._path(module), kind, depth + 1)))
            else:
                name = module.rpartition("/")[2].removesuffix(".so")
                plain = tuple(one[1:-1] if one.startswith("[") else one for one in arguments)
                yield Entry(name, plain, tuple(_actions(control).items()), f"{path}:{number}")

    def _path(self, name: str) -> str:
        return name if name.startswith("/") else self._names.get(name, name)


def flat(stack: Stack) -> list[Entry]:
    """Return every module of a stack, those of substacks too."""
    found: list[Entry] = []
    for part in stack:
        found += [part] if isinstance(part, Entry) else flat(part.entries)
    return found


def outcome(stack: Stack, answers: Answers) -> Outcome:
    """Return what libpam answers when every module answers as `answers` says."""
    asked: list[Entry] = []
    answer, _, _ = _dispatch(stack, answers, asked, "undefined", "perm_denied")
    return Outcome(answer, tuple(asked))


def can_succeed_without(stack: Stack, modules: Collection[str]) -> bool:
    """Whether a stack can let somebody in while every one of ``modules`` refuses.

    Every other module may succeed, fail or stand aside; only pam_permit and pam_deny are known.

    Raises:
        ValueError: the stack has too many modules to try.
    """
    entries = flat(stack)
    if len(entries) > MOST_MODULES:
        raise ValueError(f"{len(entries)} modules are more than can be tried")
    possible = [
        ("auth_err",) if entry.module in modules else KNOWN.get(entry.module, POSSIBLE)
        for entry in entries
    ]
    return any(
        outcome(stack, _as_given(entries, answers)).answer == "success"
        for answers in itertools.product(*possible)
    )


def _as_given(entries: Sequence[Entry], answers: Sequence[str]) -> Answers:
    given = {id(entry): answer for entry, answer in zip(entries, answers, strict=True)}
    return lambda entry: given[id(entry)]


def _dispatch(
    stack: Stack, answers: Answers, asked: list[Entry], impression: str, status: str
) -> tuple[str, str, bool]:
    """Return the answer, the impression (undefined, positive, negative), and whether it is final.

    A substack's `done` and `die` end the substack alone; what it made of the answers stays.
    """
    index, start = 0, (impression, status)
    while index < len(stack):
        part = stack[index]
        index += 1
        if isinstance(part, Substack):
            status, impression, _ = _dispatch(part.entries, answers, asked, impression, status)
            continue
        asked.append(part)
        answer = answers(part)
        action = part.action(answer)
        if action.isdecimal():
            index += int(action)
            if index > len(stack):
                return "bad jump", "negative", True
        elif action in ("ok", "done"):
            if impression == "undefined" or (impression == "positive" and status == "success"):
                impression, status = "positive", answer
            if action == "done" and impression == "positive":
                return status, impression, True
        elif action in ("bad", "die"):
            if impression != "negative":
                impression, status = "negative", answer
            if action == "die":
                return status, impression, True
        elif action == "reset":
            impression, status = start
    if impression == "positive" or impression == "negative":
        return status, impression, False
    return "perm_denied", impression, False


def _actions(control: str) -> Actions:
    if not control.startswith("["):
        return DEFAULTS.get(control.lower(), {"default": "bad"})
    pairs = (word.partition("=") for word in control[1:-1].split())
    return {name: action for name, _, action in pairs}


def _lines(lines: Iterable[str]) -> Iterable[tuple[int, str]]:
    """Yield number and text of the lines that say something; `\\` at the end joins two."""
    waiting, first = "", 0
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].rstrip()
        first = first if waiting else number
        if text.endswith("\\"):
            waiting += text[:-1] + " "
            continue
        text, waiting = (waiting + text).strip(), ""
        if text:
            yield first, text
