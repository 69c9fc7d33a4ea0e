"""The sockets of a host that take connections or datagrams, as `ss` lists them."""

import re
from typing import Any, NamedTuple

LISTING = "ss -Htulpn"
PROCESS = re.compile(r'users:\(\("([^"]+)"')


class ListeningSocket(NamedTuple):
    """One socket, and the process that holds it."""

    protocol: str
    address: str
    """`*` for every address of both families"""
    port: int
    process: str

    def __str__(self) -> str:
        place = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.process} on {self.protocol} {place}:{self.port}"


def listening(host: Any) -> list[ListeningSocket]:
    """Return every socket of `host` (testinfra's) that listens, in order."""
    found = set()
    for line in host.check_output(LISTING).splitlines():
        words = line.split()
        address, _, port = words[4].rpartition(":")
        named = PROCESS.search(line)
        plain = address.partition("%")[0].strip("[]")
        process = named[1] if named else "the kernel"
        found.add(ListeningSocket(words[0], plain, int(port), process))
    return sorted(found)
