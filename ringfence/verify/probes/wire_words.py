"""What the services of a host speak on the wire: TLS, and which, or something in the clear.

A program that the host runs asks each port (wire_words.pl). It makes its own TLS records, for a
library's client refuses old TLS by itself, and whoever takes that for the server's refusal judges
nothing. A server that takes neither TLS 1.2 nor 1.3 from it was not judged at all.
"""

import shlex
from pathlib import Path
from typing import Any, NamedTuple

SCRIPT = Path(__file__).with_name("wire_words.pl").read_text()
MODERN = {"TLS 1.2", "TLS 1.3"}
KINDS = ("ssh", "tls", "clear", "redirects", "demands TLS", "silent", "closed")
BY_DEFAULT = f"""\
folder=$(mktemp -d) || exit 1
trap 'kill $server 2>/dev/null; rm -rf "$folder"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=none \
    -keyout "$folder/key" -out "$folder/pem" 2>/dev/null || exit 1
cd "$folder" || exit 1
openssl s_server -unix socket -cert pem -key key -quiet \
    </dev/null >/dev/null 2>&1 & server=$!
perl -e {shlex.quote(SCRIPT)} socket tls && echo asked"""
"""A server that is told nothing takes what the host's OpenSSL takes by itself. The path of its
socket is short: OpenSSL's server cannot start at one of more than 31 bytes."""


class Service(NamedTuple):
    """A service, and what it spoke."""

    address: str
    """where it listens: an address, or `*`, 0.0.0.0 or :: for all"""
    port: int
    process: str
    kind: str
    """`ssh` (version 2), `tls` from the first byte, `clear`, `redirects` (HTTP that only sends to
    https), `demands TLS` (begins in the clear, and does nothing before TLS), `silent` (takes
    connections, and answers nothing), `closed` (takes none)"""
    name: str
    """of the protocol that begins in the clear, or what came in its place"""
    versions: list[str]
    """of TLS that it took: `SSL 3.0`, `TLS 1.0` … `TLS 1.3`; none where it was not asked"""
    weak: list[str]
    """suites that it took in TLS 1.2 beside ECDHE with AEAD (RFC 9325, 4.2), by IANA's numbers"""

    def __str__(self) -> str:
        place = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.process} on {place}:{self.port}"

    @property
    def spoken(self) -> str:
        """What it speaks, in words."""
        return f"{self} speaks {self.name or self.kind}"


def services(host: Any) -> list[Service]:
    """Return every service of a host's TCP ports that others reach, with what it speaks.

    Raises ValueError when the host did not ask all of them.
    """
    return _read(str(host.run(f"perl -e {shlex.quote(SCRIPT)}").stdout))


def by_default(host: Any) -> Service:
    """Return what a server takes by the host's OpenSSL that sets nothing itself.

    Raises ValueError when there is no such server, as without OpenSSL.
    """
    found = _read(str(host.run("sh -c %s", BY_DEFAULT).stdout))
    if len(found) != 1:
        raise ValueError("OpenSSL's own server could not be asked")
    return found[0]


def _read(said: str) -> list[Service]:
    lines = said.splitlines()
    if not lines or lines[-1] != "asked":
        raise ValueError("the services of the host could not be asked what they speak")
    found = []
    for line in lines[:-1]:
        address, port, process, kind, name, versions, weak = line.split("\t")
        if kind not in KINDS:
            raise ValueError(f"a service was told as {kind!r}")
        taken = [version for version in versions.split(",") if version]
        suites = [suite for suite in weak.split(",") if suite]
        found.append(Service(address, int(port), process, kind, name, taken, suites))
    return sorted(found)
