"""The kernel's audit: auditd, its rules, and the words of the kernel's line that turn it on."""

import re
from collections.abc import Generator, Mapping, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.audit import Audit, AuditState, Covered, OpenRecords, agree, rules_of
from ringfence.facts.files import Tree
from ringfence.facts.shell import call
from ringfence.facts.systemd import UNKNOWN, Services
from ringfence.operations.files import Directory, File, tree_command
from ringfence.operations.shell import absolute, library, plain
from ringfence.operations.telling import did, would

UNIT = "auditd.service"
PLACE = re.compile(r"-F (dir|path)=(\S+)")
LOCKED = "2"
"""What the kernel says of `enabled` when nothing can be changed until the next boot."""
RULES = "audit-rules"
"""The reasons for which a reboot may be due: names of files in /run, which a boot empties."""
LINE = "kernel-line"
LINE_FILE = "/proc/cmdline"


@operation()
def running(configuration: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that auditd runs, at boot too, with its present configuration, and takes the records.

    It is ended and started anew when a path of `configuration` changed after its start, and when
    the kernel has given it up, which it does to one that stood still.
    """
    for path in configuration:
        absolute(path)
    audit = host.get_fact(Audit)
    if audit["container"]:
        host.noop("the kernel is another's")
        return
    services = host.get_fact(Services, units=[UNIT], paths=list(configuration))
    found = services["units"].get(UNIT, UNKNOWN)
    would("unit", unit=UNIT, restart_for=list(configuration), reload_for=[])
    lines = []
    if found["load"] == "masked":
        lines.append(call("systemctl", "unmask", "--", UNIT))
    if found["outdated"] or found["load"] == "masked":
        lines.append("systemctl daemon-reload")
    if found["file"] != "enabled":
        lines.append(call("systemctl", "enable", "--", UNIT))
    newest = max((services["changed"].get(path) or -1 for path in configuration), default=-1)
    verb = ""
    if found["active"] != "active":
        verb = "start"
    elif newest >= found["started"] or audit["status"].get("pid") != audit["main_pid"]:
        verb = "restart"
    if verb:
        would("act", verb=verb, unit=UNIT)
        lines.append(call(f"{verb}_auditd", *configuration))
    if not lines:
        host.noop("auditd runs and takes the records")
        return
    yield _script(lines)
    if verb:
        did(verb, UNIT)


@operation()
def none_lost() -> Generator[StringCommand, None, None]:
    """Acknowledge lost records: tell how many, and have the kernel count anew.

    That is recorded too, with the number: a loss can't be made unseen (auditctl(8), --reset-lost).
    """
    audit = host.get_fact(Audit)
    lost = audit["status"].get("lost", "0")
    if audit["container"] or lost == "0":
        host.noop("no record was lost")
    else:
        yield _script([call("acknowledge", lost)])


@operation()
def rules(
    path: str, content: str, places: list[str], status: dict[str, str]
) -> Generator[StringCommand, None, None]:
    """Ensure that the kernel has the rules of a file, no other, and the states of `status`.

    The file at `path`, in a directory of its own, is all that a boot loads. Its content has a rule
    for each of `places` as a file and another as a directory: those that don't fit the host are
    left out, for the kernel takes no rule of a directory that isn't there.

    While the kernel's rules are locked (`-e 2`) none can be changed: then a reboot is due, and the
    host says so to plans.
    """
    directory = absolute(path).rpartition("/")[0]
    for place in places:
        absolute(place)
    audit = host.get_fact(Audit, paths=list(places), reasons=[RULES], rules=True)
    if audit["container"]:
        host.noop("the kernel is another's")
        return
    fitting = _fitting(content, audit["directories"])
    files = [File(path=path, content=fitting, mode="0640", shown=True)]
    directories = [Directory(path=directory, mode="0750", exclusive=True)]
    tree = host.get_fact(Tree, paths=[directory, path], directories=[directory])
    command = tree_command(tree, files, directories, [])
    if command is not None:
        yield command
    wanted = rules_of(fitting.splitlines())
    differs = not agree(wanted, audit["rules"]) or any(
        audit["status"].get(name) != value for name, value in status.items()
    )
    if not audit["status"]:
        return  # auditd isn't there yet: its first start loads them
    if differs and audit["status"].get("enabled") == LOCKED:
        yield from _due(audit, RULES, "rules of the audit changed, which are locked until then")
    elif differs and audit["main_pid"] != "0":
        yield _script([call("not_due", RULES), "load_rules"])
    elif RULES in audit["due"]:
        yield _script([call("not_due", RULES)])
    elif command is None:
        host.noop(f"the kernel has {len(wanted)} rules")


@operation()
def kernel_line(words: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that the boot loader gives the kernel these words; a boot has to follow.

    Nothing may be mounted over /proc/cmdline, which tells what they are now. GRUB's settings are
    another operation's. Of another boot loader a person must be told.
    """
    for word in words:
        plain(word, "the word")
    audit = host.get_fact(Audit, words=list(words), reasons=[LINE])
    if audit["container"]:
        host.noop("the kernel is another's")
        return
    if host.get_fact(Covered, path=LINE_FILE):
        yield _script([call("uncover", LINE_FILE)])
        audit = host.get_fact(Audit, words=list(words), reasons=[LINE])
    if audit["forgets"]:
        yield _script(["write_boot_menu"])
    if audit["lacks"]:
        whose = "" if audit["grub"] else ": its boot loader isn't GRUB, so give it them by hand"
        sentence = f"the kernel's line lacks {' '.join(audit['lacks'])}{whose}"
        yield from _due(audit, LINE, sentence)
    elif LINE in audit["due"]:
        yield _script([call("not_due", LINE)])
    elif not audit["forgets"]:
        host.noop("the kernel's line has its words")


@operation()
def closed(directory: str) -> Generator[StringCommand, None, None]:
    """Ensure that only root may read the records in a directory, old ones too."""
    found = host.get_fact(OpenRecords, directory=absolute(directory))
    if not found:
        host.noop(f"{directory} is closed to others")
        return
    yield StringCommand(call("chown", "root:root", "--", *found))
    for mode, paths in (
        ("0700", [path for path, is_directory in found.items() if is_directory]),
        ("0600", [path for path, is_directory in found.items() if not is_directory]),
    ):
        if paths:
            yield StringCommand(call("chmod", mode, "--", *paths))


def _fitting(content: str, directories: Mapping[str, bool]) -> str:
    """Return the lines of a file of rules but those of places that are no such thing, or absent."""
    kept = []
    for line in content.splitlines():
        place = PLACE.search(line)
        if place is None or directories.get(place[2]) is (place[1] == "dir"):
            kept.append(line)
    return "\n".join(kept) + "\n"


def _due(audit: AuditState, reason: str, sentence: str) -> Generator[StringCommand, None, None]:
    if reason in audit["due"]:
        host.noop(f"a reboot is due: {sentence}")
    else:
        yield _script([call("reboot_due", reason, sentence)])


def _script(lines: Sequence[str]) -> StringCommand:
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    libraries = library("tree") + library("services") + library("audit")
    return StringCommand(libraries + "\n".join([*opening, *lines]))
