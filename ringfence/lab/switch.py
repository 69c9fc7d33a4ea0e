"""A learning Ethernet switch (IEEE 802.1D without spanning tree), pure: frames in, ports out."""

from collections import OrderedDict
from collections.abc import Iterable

SHORTEST = 14
"""Destination, source and type: what is shorter is no Ethernet frame."""
LONGEST = 65_550
"""The largest packet (65,535 bytes) and its header: nothing that Linux sends is longer."""
MOST_ADDRESSES = 1024
"""A flood of forged source addresses must not eat memory; the oldest entry is forgotten."""


class Switch:
    """Where to send a frame: `ports` are names; addresses are learned from what they send."""

    def __init__(self, ports: Iterable[str]) -> None:
        self.ports = list(ports)
        self.addresses: OrderedDict[bytes, str] = OrderedDict()

    def route(self, source: str, frame: bytes) -> list[str]:
        """Return the ports that a frame from `source` leaves by; empty when it is dropped."""
        if not SHORTEST <= len(frame) <= LONGEST:
            return []
        target, sender = frame[:6], frame[6:12]
        if not sender[0] & 1:
            self.learn(sender, source)
        known = None if target[0] & 1 else self.addresses.get(target)
        if known is not None:
            return [known] if known != source else []
        return [port for port in self.ports if port != source]

    def learn(self, address: bytes, port: str) -> None:
        """Remember that an address sits behind a port; it may have moved."""
        self.addresses[address] = port
        self.addresses.move_to_end(address)
        if len(self.addresses) > MOST_ADDRESSES:
            self.addresses.popitem(last=False)
