"""TLS on the wire: which versions and suites an endpoint takes, and which certificate it shows.

The host's OpenSSL is the client. It offers what it would not by itself: at its usual security level
it aborts TLS 1.0 and 1.1 on its own side, and whoever takes that for a refusal of the server's
judges nothing. So an answer says who ended the handshake.
"""

import re
import shlex
from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.certificates import BEGIN, PLACE, Certificate

VERSIONS = {"TLS 1.0": "-tls1", "TLS 1.1": "-tls1_1", "TLS 1.2": "-tls1_2", "TLS 1.3": "-tls1_3"}
OLD, MODERN = ("TLS 1.0", "TLS 1.1"), ("TLS 1.2", "TLS 1.3")
REFUSED = "refused by the server"
AEAD = r"^ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)$"
"""OpenSSL's names of the suites of TLS 1.2 with a fresh key and authenticated encryption
(RFC 9325, 4.2). All of TLS 1.3 are such."""
EVERYTHING = "ALL:COMPLEMENTOFALL"
SECONDS, MOST_SUITES = 10, 100
OWN = f"$([ ! -r {PLACE}/host.key ] || echo -cert {PLACE}/host.pem -key {PLACE}/host.key)"
"""Options by which the client shows the host's certificate, where it has one."""
BYTES = re.compile(r"SSL handshake has read (\d+) bytes and written (\d+) bytes")
TAKEN = re.compile(r"^ *New, (?!\(NONE\))\S+, Cipher is (\S+)$", re.MULTILINE)
SPOKEN = re.compile(r"^ *Protocol *: (\S+)$", re.MULTILINE)
ALERT = re.compile(r"alert ([a-z ]+):[^\n]*SSL alert number \d+")
ERROR = re.compile(r":error:[^:]*:[^:]*:[^:]*:([^:\n]+)")


@dataclass(frozen=True)
class Endpoint:
    """Where a service listens with TLS, as it is reached from the host itself."""

    port: int
    address: str = "127.0.0.1"
    starttls: str = ""
    """the protocol in which TLS begins later, as openssl-s_client(1) calls it: postgres, imap …"""

    @property
    def words(self) -> str:
        """The client's options that reach it."""
        place = f"[{self.address}]" if ":" in self.address else self.address
        begun = f" -starttls {shlex.quote(self.starttls)}" if self.starttls else ""
        return f"-connect {shlex.quote(f'{place}:{self.port}')}{begun}"


def offered(host: Any, endpoint: Endpoint, version: str) -> str:
    """Return what comes of offering one version alone, with every suite that the client knows.

    Args:
        host: testinfra's host.
        endpoint: the service.
        version: one of `VERSIONS`.

    Returns:
        `taken with SUITE`, `refused by the server: ALERT`, `no connection`, or `given up by the
        client: REASON`, which judges nothing.
    """
    options = f"{VERSIONS[version]} -cipher {EVERYTHING}:@SECLEVEL=0"
    return outcome(str(host.run(_question(endpoint, options)).stdout))


def without_certificate(host: Any, endpoint: Endpoint, version: str) -> str:
    """Return what comes of a connection by somebody without a certificate, as `offered` does.

    TLS 1.3 refuses after the client's side is done, so it is asked for an answer first.
    """
    question = _question(endpoint, VERSIONS[version], own="", stdin="sleep 1 |")
    return outcome(str(host.run(question).stdout))


def suites(host: Any, endpoint: Endpoint) -> list[str]:
    """Return all suites that an endpoint takes in TLS 1.2, by OpenSSL's names; its choice first."""
    attempt = _question(endpoint, '-tls1_2 -cipher "$left:@SECLEVEL=0"')
    script = f"""\
left={EVERYTHING}
for turn in $(seq {MOST_SUITES}); do
    taken=$({attempt} | sed -n 's/^ *New, .*, Cipher is //p')
    case $taken in '' | *NONE*) break ;; esac
    printf '%s\\n' "$taken"
    left="$left:!$taken"
done"""
    return list(host.run(script).stdout.splitlines())


def shown(host: Any, endpoint: Endpoint) -> list[Certificate]:
    """Return the certificates that an endpoint shows, its own first.

    Raises ValueError when one of them can't be read.
    """
    said = str(host.run(_question(endpoint, "-showcerts")).stdout)
    end = "-----END CERTIFICATE-----"
    chain = said.partition("Certificate chain")[2].partition("\nServer certificate")[0]
    return [
        Certificate.of(f"{BEGIN}{part.partition(end)[0]}{end}\n") for part in chain.split(BEGIN)[1:]
    ]


def outcome(said: str) -> str:
    """Return what OpenSSL's client said of one handshake, in words (see `offered`)."""
    alert, taken, spoken = ALERT.search(said), TAKEN.search(said), SPOKEN.search(said)
    if alert:
        return f"{REFUSED}: {alert[1].strip()}"
    if taken:
        return f"taken with {taken[1]}" + (f" ({spoken[1]})" if spoken else "")
    if "connect:errno" in said or "BIO_connect" in said:
        return "no connection"
    read_written = BYTES.search(said)
    errors = ERROR.findall(said)
    closed = not errors or any("eof" in error for error in errors) or "errno=" in said
    if read_written and int(read_written[2]) and closed:
        return f"{REFUSED}: connection closed"
    return f"given up by the client: {errors[0].strip() if errors else 'it said nothing'}"


def _question(endpoint: Endpoint, options: str, own: str = OWN, stdin: str = "") -> str:
    """Return the command of one handshake; `own` is the certificate that the client shows.

    What the host has set for OpenSSL is left aside, or it would offer less.
    """
    client = f"OPENSSL_CONF=/dev/null timeout {SECONDS} openssl s_client {endpoint.words}"
    return f"{stdin} {client} {options} {own} 2>&1{'' if stdin else ' </dev/null'}".strip()
