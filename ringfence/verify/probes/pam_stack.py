"""What PAM asks of a login: a service's stack as libpam reads it, and whether it can do without.

Source: pam.conf(5), and _pam_dispatch_aux in Linux-PAM's libpam/pam_dispatch.c.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

FOLDERS = ("/etc/pam.d", "/usr/lib/pam.d")
CONTROLS = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
WORD = re.compile(r"\[(?:[^]\\]|\\.)*\]|\S+")
ALWAYS = {"pam_permit.so": ("success",), "pam_deny.so": ("auth_err",)}
OUTCOMES = ("success", "auth_err", "ignore")
MOST_MODULES = 10
"""Beyond that, trying every outcome of every module would take too long."""
DEEPEST = 16


@dataclass(frozen=True)
class Module:
    """One line of a stack: what its outcomes lead to, the module's file name, its arguments."""

    actions: tuple[tuple[str, str], ...]
    name: str
    arguments: tuple[str, ...]
    within: tuple[int, ...] = ()
    """The substacks that it stands in, each by a number of its own."""

    def action(self, outcome: str) -> str:
        """Return ``ok``, ``done``, ``bad``, ``die``, ``ignore``, ``reset``, or a number to skip."""
        known = dict(self.actions)
        return known.get(outcome, known.get("default", "bad"))


def auth_stack(host: Any, service: str) -> list[Module]:
    """Return the modules that PAM asks to authenticate somebody for ``service``.

    As libpam does, the service ``other`` stands in for one that has none.
    """
    return list(_modules(host, service)) or list(_modules(host, "other"))


def can_succeed_without(stack: Sequence[Module], names: set[str]) -> bool:
    """Whether the stack can let somebody in while every module of ``names`` refuses.

    Every other module may succeed, fail or stand aside; only pam_permit and pam_deny are known.

    Raises:
        ValueError: the stack has too many modules to try.
    """
    if len(stack) > MOST_MODULES:
        raise ValueError(f"{len(stack)} modules are more than can be tried")
    possible = [
        ("auth_err",) if module.name in names else ALWAYS.get(module.name, OUTCOMES)
        for module in stack
    ]
    return any(outcome_of(stack, outcomes) for outcomes in itertools.product(*possible))


def outcome_of(stack: Sequence[Module], outcomes: Sequence[str]) -> bool:
    """Whether the stack succeeds when its modules answer ``outcomes``."""
    impression, success = "undefined", False
    at = 0
    while at < len(stack):
        module, outcome = stack[at], outcomes[at]
        action = module.action(outcome)
        if action in {"ok", "done"}:
            untouched = impression == "undefined" or (impression == "positive" and success)
            if untouched and outcome != "ignore":
                impression, success = "positive", outcome == "success"
            if action == "done" and impression == "positive":
                at = _end_of(stack, at)
                continue
        elif action in {"bad", "die"}:
            impression, success = "negative", False
            if action == "die":
                at = _end_of(stack, at)
                continue
        elif action == "reset":
            impression, success = "undefined", False
        elif action != "ignore":
            at = _skip(stack, at, int(action))
            continue
        at += 1
    return impression == "positive" and success


def _end_of(stack: Sequence[Module], at: int) -> int:
    """Return where it goes on after ``done`` or ``die``: behind the substack, or nowhere."""
    within = stack[at].within
    while within and at < len(stack) and stack[at].within[: len(within)] == within:
        at += 1
    return at if within else len(stack)


def _skip(stack: Sequence[Module], at: int, count: int) -> int:
    """Return where a jump leads; a substack counts as one module."""
    within = stack[at].within
    at += 1
    while count and at < len(stack) and stack[at].within[: len(within)] == within:
        inner = stack[at].within[: len(within) + 1]
        at += 1
        while (
            len(inner) > len(within) and at < len(stack) and stack[at].within[: len(inner)] == inner
        ):
            at += 1
        count -= 1
    return at


def _modules(
    host: Any, service: str, within: tuple[int, ...] = (), depth: int = 0
) -> Iterator[Module]:
    if depth > DEEPEST:
        raise ValueError(f"PAM's files include each other without end ({service})")
    for number, words in enumerate(_lines(_text(host, service))):
        if words[0] == "@include" and len(words) > 1:
            yield from _modules(host, words[1], within, depth + 1)
            continue
        if words[0].removeprefix("-").lower() != "auth" or len(words) < 3:
            continue
        control, name, *arguments = words[1:]
        if control == "include":
            yield from _modules(host, name, within, depth + 1)
        elif control == "substack":
            yield from _modules(host, name, (*within, depth * 1000 + number), depth + 1)
        else:
            plain = tuple(word.strip("[]") for word in arguments)
            yield Module(_actions(control), PurePosixPath(name).name, plain, within)


def _text(host: Any, service: str) -> str:
    """Return the file of a service; that of the administrator hides the vendor's."""
    for folder in FOLDERS:
        answer = host.run("cat -- %s", service if service[0] == "/" else f"{folder}/{service}")
        if answer.rc == 0:
            return str(answer.stdout)
    return ""


def _lines(text: str) -> Iterator[list[str]]:
    joined = re.sub(r"\\\n", " ", text)
    for line in joined.splitlines():
        words = WORD.findall(line.partition("#")[0])
        if words:
            yield words


def _actions(control: str) -> tuple[tuple[str, str], ...]:
    if control.startswith("["):
        pairs = (pair.partition("=") for pair in control.strip("[]").split())
        return tuple((outcome, action) for outcome, _, action in pairs)
    return tuple(CONTROLS.get(control.lower(), {"default": "bad"}).items())
