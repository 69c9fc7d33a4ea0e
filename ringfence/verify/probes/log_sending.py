"""How a host sends its logs: its services, its connections, and who the collector listens to."""

import shlex
from dataclasses import dataclass
from typing import Any

WANTED = "Id,LoadState,ActiveState,UnitFileState,Restart,StartLimitIntervalUSec"
CONNECTIONS = """\
for _ in $(seq 31); do
    ss -Htnp state established dport = :{port} | grep -q rsyslogd && break
    sleep 1
done
ss -Htnp state established"""
"""Once its collector is back, rsyslog tries again within 30 s (`action.resumeIntervalMax`)."""
LISTENERS = "ss -Hltunp"
DATA = "relp_version=0\nrelp_software=ringfence\ncommands=syslog"
OPEN = f"1 open {len(DATA)} {DATA}\n"
"""The first words of a session of RELP; who is let in is answered `1 rsp … 200 OK`."""
PKI = "/etc/ringfence/pki"
ATTEMPT = """\
{{ printf %s {opening}; sleep 3; }} |
    timeout 10 openssl s_client -quiet -connect {end} -CAfile {pki}/ca.pem \
        -verify_return_error -verify_hostname {name} {more} 2>/dev/null |
    head -c 300"""
CERTIFICATE = f"-cert {PKI}/host.pem -key {PKI}/host.key"
SELF_MADE = """\
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN={own} \
    -addext subjectAltName=DNS:{own} -keyout "$folder/key" -out "$folder/pem" 2>/dev/null
"""
AS_WHOM = {
    "itself": CERTIFICATE,
    "nobody": "",
    "old": f"{CERTIFICATE} -tls1_1 -cipher ALL:@SECLEVEL=0",
    "forger": '-cert "$folder/pem" -key "$folder/key"',
}
ADMITTED = r"^1 rsp [0-9]+ 200 OK"


@dataclass(frozen=True)
class Connection:
    """An established connection of rsyslog's."""

    local: str
    peer: str


def services(host: Any, units: list[str]) -> dict[str, dict[str, str]]:
    """Return what systemd says of units, by name."""
    shown = host.check_output(f"systemctl show -p {WANTED} -- {' '.join(units)}")
    found = {}
    for block in shown.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if "Id" in values:
            found[values["Id"]] = values
    return found


def connections(host: Any, port: int) -> list[Connection]:
    """Return the established connections of rsyslog's, those that it opened and that it took.

    One to `port` is waited for, as long as rsyslog itself waits until it tries again.
    """
    rows = _of_rsyslog(host, CONNECTIONS.format(port=port))
    return [Connection(row[2], row[3]) for row in rows]


def listeners(host: Any) -> list[str]:
    """Return the addresses and ports at which rsyslog listens, such as `tcp 0.0.0.0:2514`."""
    return sorted({f"{row[0]} {row[4]}" for row in _of_rsyslog(host, LISTENERS)})


def answer(host: Any, address: str, port: int, name: str, as_whom: str) -> str:
    """Return the first line that the collector answers to a session that is opened.

    `as_whom`: `itself`, by the host's certificate; `nobody`, without one; `forger`, by one that the
    host signed itself; `old`, as itself by TLS 1.1.
    """
    before = SELF_MADE.format(own="forged.invalid") if as_whom == "forger" else ""
    attempt = ATTEMPT.format(
        opening=shlex.quote(OPEN),
        end=shlex.quote(f"[{address}]:{port}" if ":" in address else f"{address}:{port}"),
        name=shlex.quote(name),
        more=AS_WHOM[as_whom],
        pki=PKI,
    )
    said: str = host.run("sh -c %s", before + attempt).stdout
    return said.partition("\n")[0]


def _of_rsyslog(host: Any, command: str) -> list[list[str]]:
    lines = host.check_output(command).splitlines()
    return [line.split() for line in lines if '"rsyslogd"' in line]
