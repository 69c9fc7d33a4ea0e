"""Records become events: they arrive mixed with those of other events, and in any order."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ringfence.access_record.records import Fields, Record, number

MOST_OPEN = 4_096
"""Events of a host that wait for records at a time; beyond it the oldest is given up as it is."""
MOST_REMEMBERED = 65_536
"""Events that are whole, and remembered to tell records that come twice."""


@dataclass(slots=True)
class Event:
    """What the records of one event say so far."""

    id: str
    """`SECONDS.MILLISECONDS:SERIAL`."""
    call: Fields = field(default_factory=dict)
    """SYSCALL: who did what, with which result."""
    directory: str | None = None
    """CWD: the working directory, as it stands in the record."""
    paths: dict[int, Fields] = field(default_factory=dict)
    """PATH: the objects, by their number in the event."""
    how: Fields = field(default_factory=dict)
    """OPENAT2: the flags of openat2(2)."""
    is_contradicted: bool = False
    """Whether two records of the kernel's, which writes each once, say different things."""

    def take(self, record: Record) -> None:
        """Add a record; one that came before changes nothing."""
        if record.type == "SYSCALL":
            self.is_contradicted |= bool(self.call) and self.call != record.fields
            self.call = self.call or record.fields
        elif record.type == "PATH":
            item = number(record.fields.get("item")) or 0
            before = self.paths.setdefault(item, record.fields)
            self.is_contradicted |= before != record.fields
        elif record.type == "CWD":
            cwd = record.fields.get("cwd")
            self.is_contradicted |= self.directory not in (None, cwd)
            self.directory = self.directory or cwd
        elif record.type == "OPENAT2":
            self.how = self.how or record.fields

    @property
    def missing_paths(self) -> int:
        """How many of its paths have not come; SYSCALL counts them (`items`)."""
        return max((number(self.call.get("items")) or 0) - len(self.paths), 0)

    @property
    def is_whole(self) -> bool:
        """Whether everything has come that tells who did what to which file.

        EOE ends the kernel's records of an event, but proves nothing where they arrive in another
        order; PROCTITLE tells nothing that SYSCALL doesn't.
        """
        if not self.call or self.missing_paths:
            return False
        if self.directory is None and any(map(_is_relative, self.paths.values())):
            return False
        return bool(self.how) or self.call.get("syscall") != "437"  # openat2, on each architecture


def _is_relative(path: Fields) -> bool:
    name = path.get("name", "(null)")
    return name != "(null)" and not name.startswith(('"/', "2F"))


class Assembler:
    """Puts the records of one host's events together, in memory that doesn't grow with them."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Event] = OrderedDict()
        self._whole: OrderedDict[str, None] = OrderedDict()

    def take(self, record: Record) -> Iterator[Event]:
        """Take a record, and yield the event that it made whole, or one that is given up."""
        if record.event in self._whole:
            return  # a message that RELP sent twice
        event = self._open.get(record.event)
        if event is None:
            event = self._open[record.event] = Event(record.event)
        event.take(record)
        if event.is_whole:
            del self._open[record.event]
            self._whole[record.event] = None
            if len(self._whole) > MOST_REMEMBERED:
                self._whole.popitem(last=False)
            yield event
        elif len(self._open) > MOST_OPEN:
            yield self._open.popitem(last=False)[1]

    def rest(self) -> Iterator[Event]:
        """Yield what was never made whole."""
        while self._open:
            yield self._open.popitem(last=False)[1]
