"""Many hosts' worth of messages at a collector, from this computer with all their addresses."""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ringfence.lab import processes
from ringfence.lab.paths import LabPaths
from ringfence.pki.issuing import Issuing
from ringfence.site import load_site

PROGRAM = Path(__file__).with_name("many_senders.py")
WHO = "crowded"
"""The program that the entries are of."""
BATCH = 130
"""Entries in a message: as many of these as Ringfence's own sender has in one when it is behind,
for it reads the journal from a pipe of 64 kB."""


class Credentials(NamedTuple):
    """Files of a certificate of the site's authority, of its key, and of the authority."""

    certificate: Path
    key: Path
    authority: Path


class Said(NamedTuple):
    """What all senders together said, of which each entry was acknowledged."""

    seconds: float
    entries: int


def certified(path: Path, host: str, folder: Path) -> Credentials:
    """Have the authority of a lab's site give a host a certificate; its key is made in a folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    site = load_site(path)
    issuing = Issuing(site, [path / ".lab/id_ed25519"])
    issuing.issue(site.host(host), request.public_bytes(Encoding.PEM))
    own = folder / f"{host}.key"
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Credentials(issuing.files.certificate(host), own, issuing.files.authority)


@contextmanager
def at_home(lab: Path, addresses: Iterable[str]) -> Iterator[list[str]]:
    """Give this computer addresses in a lab's network; yield how a command runs there."""
    (network,) = processes.find(LabPaths(lab).state, processes.NETWORK)
    enter = ["nsenter", "--target", str(network.pid), "--net", "--"]
    changes = [f"{address}/24 dev lab0" for address in addresses]
    for change in changes:
        subprocess.run([*enter, "ip", "address", "add", *change.split()], check=True)
    try:
        yield enter
    finally:
        for change in changes:
            subprocess.run([*enter, "ip", "address", "del", *change.split()], check=True)


def say_at_once(
    enter: Sequence[str],
    collector: str,
    credentials: Credentials,
    each: int,
    addresses: Iterable[str],
    batch: int = BATCH,
) -> Said:
    """Have a sender at each address say so many entries at once. Raises RuntimeError."""
    program = [*enter, sys.executable, PROGRAM, collector, *credentials]
    words = [*program, str(each), str(batch), *addresses]
    sent = subprocess.run(words, capture_output=True, text=True, check=False)
    if sent.returncode:
        raise RuntimeError(sent.stderr)
    seconds, entries = sent.stdout.split()
    return Said(float(seconds), int(entries))
