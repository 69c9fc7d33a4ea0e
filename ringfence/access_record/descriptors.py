"""What the descriptors of processes lead to, learnt from the opens that are in the record.

`rm -r` and `grep -r` open a directory and then name files relative to its descriptor; the kernel
records the descriptor's number alone.
"""

from collections import OrderedDict
from dataclasses import dataclass

MOST_PROCESSES, MOST_FILES = 4096, 256
"""How many are remembered: memory doesn't grow with the record."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process, told from a later one with the same number by its login."""

    pid: str
    auid: str
    session: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a descriptor leads to."""

    path: str
    inode: str


class Descriptors:
    """The open files and directories of one host's processes."""

    def __init__(self) -> None:
        self._processes: OrderedDict[Process, dict[int, Opened]] = OrderedDict()

    def learn(self, process: Process, descriptor: int, opened: Opened) -> None:
        """Remember what a process opened."""
        files = self._processes.setdefault(process, {})
        self._processes.move_to_end(process)
        files.pop(descriptor, None)
        files[descriptor] = opened
        if len(files) > MOST_FILES:
            del files[next(iter(files))]
        if len(self._processes) > MOST_PROCESSES:
            self._processes.popitem(last=False)

    def find(self, process: Process, descriptor: int, inode: str | None = None) -> str | None:
        """Return the path that a descriptor leads to; None when the record doesn't tell.

        Args:
            process: whose descriptor it is.
            descriptor: its number.
            inode: the inode that it must have, where the record names it.
        """
        files = self._processes.get(process, {})
        opened = files.get(descriptor)
        if opened is None or (inode is not None and opened.inode != inode):
            # fts(3), which rm uses, duplicates descriptors; the inode still tells the directory.
            same = [one.path for one in files.values() if inode and one.inode == inode]
            return same[-1] if same else None
        return opened.path
