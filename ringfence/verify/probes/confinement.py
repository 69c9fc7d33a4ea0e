"""What an account may do by sudo, and how what it may do is confined."""

import json
import re
from typing import Any

SUDOERS = "cvtsudoers -e -f json /etc/sudoers 2>/dev/null"
NOT_FOUND = 127
PROPERTY = re.compile(
    r"""(?<!\S)["']?(?:-p\s*|--property[=\s]\s*)"""
    r"""("[A-Za-z]+=[^"]*"|'[A-Za-z]+=[^']*'|[A-Za-z]+=(?:"[^"]*"|'[^']*'|[^\s"']*)(?=[\s"']))"""
)
"""A property on the command line of systemd-run(1): quoted as a whole, or its value, or not."""


def faults_of_sudo(host: Any) -> str:
    """Return why sudo's rules can't be read; nothing when they can, or there is no sudo."""
    answer = host.run(SUDOERS.replace("2>/dev/null", "2>&1 >/dev/null"))
    return "" if answer.rc in (0, NOT_FOUND) else answer.stdout.strip()


def sudo_commands(host: Any, account: str) -> list[str]:
    """Return the commands that sudo lets an account run, as root or as others: path and arguments.

    `cvtsudoers` reads all of sudo's files as sudo does, and needs no rights but to read them.
    Entries for groups and for `ALL` count too. Without sudo, or the account, there is none.
    """
    known = host.run("id -Gn -- %s", account)
    if known.rc != 0 or host.run(SUDOERS).rc == NOT_FOUND:
        return []
    answer, groups = host.check_output(SUDOERS), set(known.stdout.split())
    found = []
    for entry in json.loads(answer).get("User_Specs", []):
        users = entry.get("User_List", [])
        if not any(_names(user, account, groups) for user in users):
            continue
        for specification in entry.get("Cmnd_Specs", []):
            for command in specification.get("Commands", []):
                found.append(str(command.get("command", command)))
    return sorted(set(found))


def properties(host: Any, program: str) -> dict[str, str]:
    """Return the properties with which a script has systemd confine what it starts.

    What is given more than once counts together, after the last time that it was given empty, as
    systemd does with lists; of what has one value it would take the last, so two are never right.
    """
    text = host.run("cat -- %s", program).stdout + "\n"
    found: dict[str, str] = {}
    for given in PROPERTY.findall(text.replace("\\\n", " ")):
        name, value = re.sub(r"[\"']", "", given).split("=", 1)
        found[name] = f"{found.get(name, '')} {value}".strip() if value else ""
    return found


def _names(user: dict[str, Any], account: str, groups: set[str]) -> bool:
    if user.get("negated"):
        return False
    return (
        user.get("username") in (account, "ALL")
        or user.get("usergroup") in groups
        or "nonunixgroup" in user
    )
