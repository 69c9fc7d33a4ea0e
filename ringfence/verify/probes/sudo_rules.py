"""What sudo allows by all of its files, and who becomes another by su.

`cvtsudoers` reads the files as sudo does, with what they include; `-e` writes out the aliases.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

AUTH_LINE = re.compile(r"^auth\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)$")
INCLUDED_FOLDER = re.compile(r"^[@#]includedir\s+(\S+)", re.MULTILINE)
PLUGIN = re.compile(r"^\s*Plugin\s+(sudoers_policy)\s+(\S+)(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One command that somebody may run."""

    subject: str
    """the account; `%group`, `%#gid`, `#uid`, `+netgroup`, `ALL`, with `!` before if negated"""
    runas: frozenset[str]
    command: str
    with_password: bool


@dataclass(frozen=True)
class Setting:
    """One option of a Defaults line, and for whom it counts."""

    name: str
    value: Any
    bound_to: tuple[str, ...] = ()
    """the accounts, hosts or commands that the line names; none for all"""


@dataclass
class SudoRules:
    """sudo's rules on a host."""

    host: Any
    rules: list[Rule] = field(default_factory=list)

    @cached_property
    def _document(self) -> dict[str, Any]:
        text = self.host.check_output("cvtsudoers -e -f json /etc/sudoers 2>/dev/null")
        document: dict[str, Any] = json.loads(text)
        return document

    def every(self) -> list[Rule]:
        """Return every rule."""
        return list(_rules(self._document))

    def of(self, account: str, groups: frozenset[str]) -> list[Rule]:
        """Return the rules that give an account something, by its name, its groups or ALL."""
        subjects = {account, "ALL", *(f"%{group}" for group in groups)}
        return [rule for rule in self.every() if rule.subject in subjects]

    def settings(self, name: str) -> list[Setting]:
        """Return what the Defaults lines say of one option, in their order."""
        return [setting for setting in _settings(self._document) if setting.name == name]

    def effective(self, name: str) -> Any:
        """Return the value for everybody: of the last line that is bound to nobody, or None."""
        values = [setting.value for setting in self.settings(name) if not setting.bound_to]
        return values[-1] if values else None

    def exceptions(self, name: str) -> list[Setting]:
        """Return the lines about an option that are bound to somebody or something."""
        return [setting for setting in self.settings(name) if setting.bound_to]


def faults(host: Any) -> str:
    """Return what `visudo -c` finds wrong in the rules' files, or nothing."""
    answer = host.run("visudo -c")
    return "" if answer.rc == 0 else (answer.stderr + answer.stdout).strip()


def files(host: Any) -> list[str]:
    """Return the files that sudo reads, as `visudo -c` names them."""
    answer = host.run("visudo -c")
    return re.findall(r"^(/[^:]+): ", answer.stdout, re.MULTILINE)


def folders(host: Any, paths: list[str]) -> list[str]:
    """Return the folders whose files these include; sudo passes over one that others write."""
    answer = host.run(f"cat -- {' '.join(map(shlex.quote, paths))}")
    return sorted(set(INCLUDED_FOLDER.findall(answer.stdout)))


def other_sources(host: Any) -> list[str]:
    """Return where sudo would take rules from beside /etc/sudoers (sudo.conf(5), nsswitch.conf)."""
    found = []
    for kind, plugin, options in PLUGIN.findall(host.run("cat /etc/sudo.conf").stdout):
        if plugin.rpartition("/")[2] != "sudoers.so" or options.strip():
            found.append(f"{kind} {plugin}{options}")
    answer = host.run("grep -i '^[[:space:]]*sudoers[[:space:]]*:' /etc/nsswitch.conf")
    for line in answer.stdout.splitlines():
        found += [word for word in line.partition(":")[2].split() if word != "files"]
    return found


def who_may_use_su(host: Any) -> str:
    """Return whom PAM lets use su, beside root: `group <name>` or `everybody`."""
    text = host.run("cat /etc/pam.d/su").stdout
    for line in text.splitlines():
        if line.startswith("@include"):
            return "everybody"
        match = AUTH_LINE.match(line)
        if not match or match[2].rpartition("/")[2] == "pam_rootok.so":
            continue
        demands = match[2].rpartition("/")[2] == "pam_wheel.so" and match[1] in {
            "required",
            "requisite",
        }
        words = match[3].split()
        if not demands or "use_uid" not in words or {"deny", "trust"} & set(words):
            return "everybody"
        named = [word.partition("=")[2] for word in words if word.startswith("group=")]
        return f"group {named[-1] if named else 'root'}"
    return "everybody"


def _rules(document: dict[str, Any]) -> Iterator[Rule]:
    for entry in document.get("User_Specs", []):
        subjects = [_subject(user) for user in entry.get("User_List", [])]
        for specification in entry.get("Cmnd_Specs", []):
            options: dict[str, Any] = {}
            for option in specification.get("Options", []):
                options |= option
            runas = frozenset(_subject(one) for one in specification.get("runasusers", []))
            for command in specification.get("Commands", []):
                text = ("!" if command.get("negated") else "") + str(command.get("command"))
                for subject in subjects:
                    password = options.get("authenticate", True) is True
                    yield Rule(subject, runas or frozenset({"root"}), text, password)


def _settings(document: dict[str, Any]) -> Iterator[Setting]:
    for entry in document.get("Defaults", []):
        bound = tuple(_subject(one) if len(one) else "?" for one in entry.get("Binding", []))
        for option in entry.get("Options", []):
            for name, value in option.items():
                if name not in {"operation"}:
                    yield Setting(name, value, bound)


def _subject(user: dict[str, Any]) -> str:
    marks = {"username": "", "usergroup": "%", "userid": "#", "usergid": "%#", "netgroup": "+"}
    for key, value in user.items():
        if key != "negated":
            text = f"{marks.get(key, f'{key} ')}{value}"
            return f"!{text}" if user.get("negated") else text
    return "?"
