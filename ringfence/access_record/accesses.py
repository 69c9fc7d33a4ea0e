"""Events become the rows of the access record: who, when, which file, how, allowed or denied."""

import errno
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ringfence.access_record import syscalls
from ringfence.access_record.descriptors import Descriptors, Opened, Process
from ringfence.access_record.events import Event
from ringfence.access_record.records import Fields, decoded, keys, number
from ringfence.access_record.syscalls import CALLS, CREATE, OPENING, RENAME, Call

KEYS = frozenset({"access-record", "access-denied"})
"""The keys of the audit rules whose events are accesses."""
UNSET = "4294967295"
"""The number of nobody (AUDIT_UID_UNSET of linux/audit.h): no login led to the process."""
ALLOWED, DENIED, FAILED = "allowed", "denied", "failed"
REFUSALS = {-errno.EACCES, -errno.EPERM}
UNKNOWN_DIRECTORY = "…/"
"""Begins a path whose directory the record doesn't tell."""


@dataclass(frozen=True, slots=True)
class Access:
    """One access, or one attempt, to one file."""

    at: datetime
    """When the kernel recorded it, in UTC; to the millisecond."""
    host: str
    person: str
    """The login name of who logged in (auid), whoever they acted as; `uid 1201` when no name is
    recorded, empty when nobody logged in."""
    uid: int | None
    """The number of who logged in."""
    acting: str
    """The account whose rights were used (euid)."""
    session: str
    """The number of the login session on the host."""
    path: str
    target: str
    """The new name, of a rename or a link; else empty."""
    kind: str
    """read, write, read+write, create, delete, rename, attributes, execute, or the call's name."""
    result: str
    """allowed, denied (EACCES or EPERM), or failed for another reason."""
    error: str
    """The kernel's name of the reason: EACCES, ENOENT …; empty when allowed."""
    program: str
    pid: str
    terminal: str
    event: str
    """The id of the event in the raw records: `SECONDS.MILLISECONDS:SERIAL`."""
    notes: tuple[str, ...] = ()
    """What the reader must know about the row."""


class Names:
    """The names of a host's accounts, learnt from enriched records."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def of(self, call: Fields, field: str) -> str:
        """Return the name of the account in a field (`auid`) of a SYSCALL record, or `uid 1201`."""
        value = call.get(field, UNSET)
        if value == UNSET:
            return ""
        name = decoded(call.get(field.upper())) or ""
        if name and name not in {"unset", "?"} and not name.startswith("unknown("):
            self._names[value] = name
            return name
        return self._names.get(value, f"uid {value}")


class Reader:
    """Reads the events of one host, in their order."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._names = Names()
        self._descriptors = Descriptors()

    def read(self, event: Event) -> Iterator[Access]:
        """Yield the accesses of an event; none when it isn't of the access record."""
        call = event.call
        if not KEYS.intersection(keys(call)):
            return
        name = syscalls.name_of(
            call.get("arch", ""), call.get("syscall", ""), call.get("SYSCALL", "")
        )
        known = CALLS.get(name, Call(name))
        places = _Places(event, known, self._descriptors)
        kind = _kind(event, known, name)
        result, error = _result(call)
        if known.kind == OPENING and result == ALLOWED:
            self._learn_descriptor(event, places)
        notes = tuple(places.notes_of_event())
        for path, target, more in dict.fromkeys(places.objects()):
            yield Access(
                at=moment(event.id),
                host=self.host,
                person=self._names.of(call, "auid"),
                uid=None if call.get("auid") == UNSET else number(call.get("auid")),
                acting=self._names.of(call, "euid"),
                session="" if call.get("ses") == UNSET else call.get("ses", ""),
                path=path,
                target=target,
                kind=kind,
                result=result,
                error=error,
                program=decoded(call.get("exe")) or decoded(call.get("comm")) or "",
                pid=call.get("pid", ""),
                terminal=call.get("tty", "").replace("(none)", ""),
                event=event.id,
                notes=notes + more,
            )

    def _learn_descriptor(self, event: Event, places: "_Places") -> None:
        descriptor = number(event.call.get("exit"))
        items = places.of_type("NORMAL", "CREATE")
        if descriptor is None or descriptor < 0 or not items:
            return
        path, is_known = places.whole(items[-1], 0)
        if is_known:
            opened = Opened(path, items[-1].get("inode", ""))
            self._descriptors.learn(_process(event), descriptor, opened)


class _Places:
    """The files that one event is about."""

    def __init__(self, event: Event, call: Call, descriptors: Descriptors) -> None:
        self.event, self.call, self.descriptors = event, call, descriptors
        self.items = [event.paths[item] for item in sorted(event.paths)]
        self.cwd = decoded(event.directory)

    def of_type(self, *types: str) -> list[Fields]:
        return [item for item in self.items if item.get("nametype") in types]

    def notes_of_event(self) -> Iterator[str]:
        if self.event.missing_paths:
            yield f"incomplete: {self.event.missing_paths} of its paths are not in the archive"
        if self.event.is_contradicted:
            yield "contradicted: two records of the event differ, so one of them is no kernel's"

    def objects(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield path, target and notes of each object; directories above it (PARENT) are none."""
        things = self.of_type("NORMAL", "DELETE", "CREATE", "UNKNOWN")
        created = self.of_type("CREATE")
        if len(things) == 2 and things == self.of_type("UNKNOWN"):
            # Below a directory that was closed. A kernel of Debian's notes the new name first.
            path, target, notes = self._pair(things[1], things[0])
            yield path, target, (*notes, "the record doesn't tell which name is the new one")
        elif len(things) > 1 and self.call.kind == RENAME:
            yield self._pair(things[0], created[-1] if created else things[-1])
        elif len(things) > 1 and self.call.kind == CREATE and things[0] in self.of_type("NORMAL"):
            yield self._pair(things[0], things[-1])  # link(2): the file, then its new name
        elif created and self.call.kind == CREATE:  # of symlink(2) the first is any text
            yield self._one(created[-1], 0)
        elif not self.items and self.call.descriptor is not None:
            yield self._one({}, 0)
        else:
            for item in things or self.items:
                yield self._one(item, 0)
            if not self.items and self.event.missing_paths:
                yield "", "", ()

    def _pair(self, first: Fields, second: Fields) -> tuple[str, str, tuple[str, ...]]:
        path, _, notes = self._one(first, 0)
        target, _, more = self._one(second, 1)
        return path, target, tuple(dict.fromkeys(notes + more))

    def _one(self, item: Fields, which: int) -> tuple[str, str, tuple[str, ...]]:
        path, is_known = self.whole(item, which)
        if not is_known:
            return path, "", ("the record doesn't tell the directory",)
        if self._goes_by_descriptor(item, which):
            return path, "", ("directory by descriptor",)
        return path, "", ()

    def whole(self, item: Fields, which: int) -> tuple[str, bool]:
        """Return the path of an item, and whether it is known whole.

        Args:
            item: the PATH record's fields.
            which: 0 for the first path of the call, 1 for the second.
        """
        name = decoded(item.get("name"))
        if name is None:
            found = self._by_descriptor(self.call.descriptor, item.get("inode"))
            if found is not None:
                return found, True
            inode, device = item.get("inode", "?"), item.get("dev", "?")
            return f"{UNKNOWN_DIRECTORY}(inode {inode} of {device})", False
        if name.startswith("/"):
            return _normal(name), True
        base = self.cwd
        if self._goes_by_descriptor(item, which):
            parents = self.of_type("PARENT")
            parent = parents[min(which, len(parents) - 1)].get("inode") if parents else None
            directories = self.call.directories
            base = self._by_descriptor(directories[min(which, len(directories) - 1)], parent)
        if base is None:
            return UNKNOWN_DIRECTORY + name, False
        return _normal(posixpath.join(base, name)), True

    def _goes_by_descriptor(self, item: Fields, which: int) -> bool:
        name, directories = decoded(item.get("name")), self.call.directories
        if name is None:
            return self.call.descriptor is not None
        if name.startswith("/") or not directories:
            return False
        return not self._argument(directories[min(which, len(directories) - 1)]).endswith("ffff9c")

    def _by_descriptor(self, argument: int | None, inode: str | None) -> str | None:
        value = None if argument is None else number(self._argument(argument), 16)
        if value is None:
            return None
        return self.descriptors.find(_process(self.event), value, inode)

    def _argument(self, which: int) -> str:
        """Return an argument of the call, in hexadecimal; AT_FDCWD (-100) ends with ffff9c."""
        return self.event.call.get(f"a{which}", "")


def moment(event: str) -> datetime:
    """Return the time in an event's id."""
    seconds, _, rest = event.partition(".")
    at = datetime.fromtimestamp(int(seconds), UTC)
    return at.replace(microsecond=int(rest[:3]) * 1000)


def _process(event: Event) -> Process:
    call = event.call
    return Process(call.get("pid", ""), call.get("auid", ""), call.get("ses", ""))


def _normal(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")


def _kind(event: Event, call: Call, name: str) -> str:
    if call.kind != OPENING:
        return call.kind
    if name == "openat2":
        flags = number(event.how.get("oflag"), 8)
    else:
        flags = number(event.call.get(f"a{call.flags}"), 16)
    types = {item.get("nametype") for item in event.paths.values()}
    creates = bool((flags or 0) & 0o100)  # O_CREAT
    if "CREATE" in types or (creates and "PARENT" in types and "NORMAL" not in types):
        return CREATE
    return name if flags is None else syscalls.opened_for(flags)


def _result(call: Fields) -> tuple[str, str]:
    code = number(call.get("exit")) or 0
    if call.get("success") == "yes" or (call.get("success") != "no" and code >= 0):
        return ALLOWED, ""
    return DENIED if code in REFUSALS else FAILED, errno.errorcode.get(-code, str(code))
