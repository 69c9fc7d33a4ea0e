"""Who is let in by a link that wants certificates of both sides, asked on the wire.

A stranger comes with no certificate, or with one in a good name of an authority of its own. TLS 1.3
refuses after the client's side is done, so what counts is whether the session lives on.
"""

import shlex
from dataclasses import dataclass
from typing import Any

PKI = "/etc/ringfence/pki"
WORDS = "relp_version=0\nrelp_software=ringfence\ncommands=syslog"
RELP = f"1 open {len(WORDS)} {WORDS}\n"
POSTGRES = "\0\0\0'\0\3\0\0user\0nobody\0database\0postgres\0\0"
"""A StartupMessage of protocol 3.0; its first four bytes are its length, 39."""
SECONDS = 6
STRANGER = """\
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
made() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 "$@" 2>/dev/null
}
made -subj /CN=stranger -keyout ca.key -out ca.pem || exit 1
made -subj /CN=NAME -addext subjectAltName=DNS:NAME -addext basicConstraints=CA:FALSE \
    -CA ca.pem -CAkey ca.key -keyout key -out pem || exit 1
cat ca.pem >>pem
"""
ATTEMPT = """\
printf {opening} | timeout {seconds} openssl s_client -quiet -connect {end} {more} >said 2>errors
status=$?
if grep -qE 'connect:errno|BIO_connect' errors; then echo 'no connection'
elif [ $status = 124 ] || [ -s said ]; then echo 'let in'
else echo refused; fi"""
AS_WHOM = {
    "the host": f"-cert {PKI}/host.pem -key {PKI}/host.key",
    "nobody": "",
    "a stranger": "-cert pem -key key -cert_chain ca.pem",
}


@dataclass(frozen=True)
class Link:
    """Where a host takes logs, backups or data."""

    port: int
    opening: str = ""
    """what a client says first, if it must, as RELP's and PostgreSQL's do"""
    starttls: str = ""
    """the protocol in which TLS begins later, as openssl-s_client(1) calls it"""

    @classmethod
    def of(cls, port: int, logs: int) -> "Link":
        """Return the link at a port; that of the logs, and PostgreSQL's own, are known."""
        if port == logs:
            return cls(port, RELP)
        return cls(port, POSTGRES, "postgres") if port == 5432 else cls(port)


def outcome(host: Any, address: str, link: Link, name: str, as_whom: str) -> str:
    """Return what comes of a session: `let in`, `refused` or `no connection`.

    Args:
        host: testinfra's host, which is the client.
        address: of the host that takes.
        link: where it takes.
        name: the name in the stranger's certificate: one that is let in, of the right authority.
        as_whom: one of `AS_WHOM`.

    Nothing for a question that could not be put.
    """
    end = f"[{address}]:{link.port}" if ":" in address else f"{address}:{link.port}"
    begun = f" -starttls {shlex.quote(link.starttls)}" if link.starttls else ""
    attempt = ATTEMPT.format(
        opening=shlex.quote("".join(f"\\{byte:03o}" for byte in link.opening.encode())),
        seconds=SECONDS,
        end=shlex.quote(end) + begun,
        more=AS_WHOM[as_whom],
    )
    script = STRANGER.replace("NAME", shlex.quote(name)) + attempt
    return str(host.run("sh -c %s", script).stdout).strip()
