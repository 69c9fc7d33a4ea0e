"""The certificates that a host's services show on the wire, whatever its files say.

A service that wasn't restarted shows the one that it read when it began. The host's OpenSSL asks:
openssl-s_client(1); it sends no certificate of its own, and no name.
"""

from typing import Any

from ringfence.verify.probes.certificates import BEGIN, Certificate
from ringfence.verify.probes.wire_words import Service

LOOPBACK = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
PATIENCE = 10  # seconds
STARTTLS = {
    "SMTP": "smtp",
    "IMAP": "imap",
    "POP3": "pop3",
    "FTP": "ftp",
    "MySQL": "mysql",
    "PostgreSQL": "postgres",
}
"""How OpenSSL calls what begins in the clear."""


def shown_by(host: Any, service: Service) -> Certificate | None:
    """Return the certificate that a service shows of itself; None when it shows none.

    Raises ValueError where its TLS begins in a way that OpenSSL doesn't know.
    """
    begins = ""
    if service.kind != "tls":
        if service.name not in STARTTLS:
            raise ValueError(f"{service.spoken}: nobody knows how its TLS begins")
        begins = f" -starttls {STARTTLS[service.name]}"
    address = service.address
    place = LOOPBACK.get(address, f"[{address}]" if ":" in address else address)
    said = host.run(
        f"timeout {PATIENCE} openssl s_client -noservername{begins} -connect %s </dev/null 2>&1",
        f"{place}:{service.port}",
    ).stdout
    _, begun, text = str(said).partition(BEGIN)
    try:
        return Certificate.of(BEGIN + text) if begun else None
    except ValueError:
        return None
