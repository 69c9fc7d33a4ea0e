"""Real questions for the time, by NTP, past the daemon that the host runs."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("ntp_questions.pl").read_text()
UNSYNCHRONISED = 3
"""The leap indicator of a server that has no time itself (RFC 5905, figure 9)."""
LARGEST_STRATUM = 15


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    address: str
    leap: int
    stratum: int
    offset: float
    """seconds by which the server is ahead of the host's clock"""
    delay: float
    """seconds that question and answer took: the offset is wrong by half of it at most"""

    @property
    def counts(self) -> bool:
        """Whether the server says that it knows the time."""
        return self.leap != UNSYNCHRONISED and 1 <= self.stratum <= LARGEST_STRATUM


def ask(host: Any, addresses: Iterable[str]) -> dict[str, Answer | None]:
    """Return the answer of each server; None of one that is silent."""
    words = " ".join(shlex.quote(address) for address in addresses)
    text = host.run(f"perl -e {shlex.quote(SCRIPT)} {words}").stdout
    found: dict[str, Answer | None] = {}
    for address, *fields in (line.split() for line in text.splitlines()):
        match fields:
            case [leap, stratum, offset, delay]:
                found[address] = Answer(
                    address, int(leap), int(stratum), float(offset), float(delay)
                )
            case _:
                found[address] = None
    return found
