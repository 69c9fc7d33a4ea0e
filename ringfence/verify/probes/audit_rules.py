"""What the kernel records, and what it will after a boot, compared with what is declared.

Sources: auditctl(8), audit.rules(7), augenrules(8).
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

ARCHES = ("b64", "b32")
AT_BOOT = r"""
cd /etc/audit/rules.d && ls -1v | grep '\.rules$' | while IFS= read -r file; do
    cat -- "$file"
    echo
done"""
"""What augenrules puts together: all files of this name, in this order."""
KINDS = """\
for path in {paths}; do
    if [ -L "$path" ]; then echo "link $path"; else stat -c '%F %n' -- "$path" 2>/dev/null; fi
done"""
LOADER = "systemctl show -p ExecStartPost --value auditd.service"
SERVICE = "audit-rules.service"
NAMES = {"452": "fchmodat2"}
"""What auditctl of Debian 12 calls by its number."""


@dataclass(frozen=True)
class Rule:
    """A rule as auditctl prints it, whatever the order of its words."""

    action: str
    """always or never"""
    filter: str
    """exit, exclude, task, user, filesystem, io_uring"""
    fields: frozenset[str]
    calls: frozenset[str]

    @property
    def key(self) -> str:
        """The word by which its records are found; empty for a rule that has none."""
        return next((f.removeprefix("key=") for f in self.fields if f.startswith("key=")), "")

    def is_met_by(self, other: "Rule") -> bool:
        """Return whether another rule records what this one does, and nothing else.

        auditctl of Debian 13 adds to a rule with `perm` all calls that can be such an access; the
        kernel still asks each whether it was one.
        """
        calls = self.calls == other.calls
        if any(field.startswith("perm=") for field in self.fields):
            calls = self.calls <= other.calls
        mine, others = ((r.action, r.filter, r.fields) for r in (self, other))
        return calls and mine == others

    def __str__(self) -> str:
        fields = " ".join(sorted(field for field in self.fields if not field.startswith("key=")))
        calls = ",".join(sorted(self.calls)) or "all"
        if len(calls) > 60:
            calls = f"{len(self.calls)} calls"
        action = "" if (self.action, self.filter) == ("always", "exit") else f"{self.action} "
        return f"{action}{self.key or 'without a key'} ({fields} {calls})"


def loaded(host: Any) -> list[Rule]:
    """Return the rules of the kernel that runs, in its order."""
    return parsed(host.run("auditctl -l").stdout.splitlines())


def after_a_boot(host: Any) -> list[Rule]:
    """Return the rules that a boot loads."""
    return parsed(host.run(AT_BOOT).stdout.splitlines())


def lock_after_a_boot(host: Any) -> str:
    """Return the last word of the files on whether rules can be changed: 0, 1 or 2 (`-e`)."""
    words = [line.split() for line in host.run(AT_BOOT).stdout.splitlines()]
    flags = [row[1] for row in words if len(row) > 1 and row[0] == "-e"]
    return flags[-1] if flags else "nothing"


def loaded_by(host: Any) -> str:
    """Return what gives the kernel its rules at boot: a service of its own, or auditd's."""
    shown = host.run(f"systemctl show -p LoadState,UnitFileState {SERVICE}").stdout
    values = dict(line.partition("=")[::2] for line in shown.splitlines())
    if values.get("LoadState") != "not-found":
        return f"{SERVICE} {values.get('UnitFileState', '')}"
    return f"auditd.service {host.run(LOADER).stdout.strip() or 'loads nothing'}"


def declared(host: Any, rules: Iterable[Any]) -> list[Rule]:
    """Return the declared rules that fit the host, each for both architectures.

    A rule of a place fits if the place is there and is what the rule takes it for: `dir` is a
    directory, `path` anything else; a link is neither.
    """
    asked = list(rules)
    places = [found for rule in asked if (found := _place(rule.fields))]
    kinds = _kinds(host, sorted({path for _, path in places}))
    wanted = []
    for rule in asked:
        place = _place(rule.fields)
        if place and kinds.get(place[1]) != place[0]:
            continue
        for arch in (one for one in ARCHES if rule.calls_of(one)):
            fields = frozenset({f"arch={arch}", f"key={rule.key}", *map(_plain, rule.fields)})
            wanted.append(Rule("always", "exit", fields, frozenset(rule.calls_of(arch))))
    return wanted


def lacking(wanted: Iterable[Rule], found: Iterable[Rule]) -> list[Rule]:
    """Return the wanted rules that no rule found meets."""
    there = list(found)
    return [one for one in wanted if not any(one.is_met_by(other) for other in there)]


def extra(wanted: Iterable[Rule], found: Iterable[Rule]) -> list[Rule]:
    """Return the rules found that meet no wanted one."""
    asked = list(wanted)
    return [other for other in found if not any(one.is_met_by(other) for one in asked)]


def parsed(lines: Iterable[str]) -> list[Rule]:
    """Return the rules among lines of auditctl(8); its own old form is told as the new one."""
    found = []
    for line in lines:
        try:
            words = shlex.split(line, comments=True)
        except ValueError:  # a quote without an end, which auditctl takes as a letter
            words = line.split()
        if words and words[0] in ("-a", "-A", "-w"):
            found.append(_rule(words))
    return found


def _rule(words: Sequence[str]) -> Rule:
    action, which = "always", "exit"
    fields: set[str] = set()
    calls: set[str] = set()
    rest = iter(words)
    for word in rest:
        value = next(rest, "")
        if word in ("-a", "-A"):
            parts = set(value.split(","))
            action = "never" if "never" in parts else "always"
            which = next(iter(parts - {"never", "always"}), "exit")
        elif word == "-S":
            calls |= {NAMES.get(name, name) for name in value.split(",")} - {"all"}
        elif word == "-w":
            fields.add(f"dir={value[:-1]}" if value.endswith("/") else f"path={value}")
        elif word == "-p":
            fields.add(_plain(f"perm={value}"))
        elif word == "-k":
            fields.add(f"key={value}")
        else:
            fields.add(_plain(value))
    return Rule(action, which, frozenset(fields), frozenset(calls))


def _plain(field: str) -> str:
    for unset in ("unset", "4294967295"):
        field = field.replace(f"auid!={unset}", "auid!=-1")
    if field.startswith("perm="):
        return "perm=" + "".join(sorted(field.removeprefix("perm=")))
    return field


def _place(fields: Iterable[str]) -> tuple[str, str] | None:
    for field in fields:
        name, _, path = field.partition("=")
        if name in ("dir", "path"):
            return name, path
    return None


def _kinds(host: Any, paths: Sequence[str]) -> dict[str, str]:
    if not paths:
        return {}
    asked = KINDS.format(paths=" ".join(shlex.quote(path) for path in paths))
    kinds = {}
    for line in host.run(asked).stdout.splitlines():
        kind, _, path = line.rpartition(" ")
        kinds[path] = {"directory": "dir", "link": "link"}.get(kind, "path")
    return kinds
