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
REPLICA = """\
pid=$(systemctl show -p MainPID --value rsyslog.service)
[ "${pid:-0}" -gt 0 ] || { echo 'rsyslog does not run'; exit; }
sockets=$(ss -Hxlp | awk '/"rsyslogd"/ && $5 ~ "^/" { print $5 }' |
    grep -v ^/run/systemd/ | sort -u)
[ -n "$sockets" ] || { echo 'rsyslog takes nothing that could be sent'; exit; }
for socket in $sockets; do
    case ${socket%/*} in '' | /run | /dev | /tmp | /var/run)
        echo "rsyslog takes what comes to $socket"; exit ;;
    esac
done
export pid sockets
unshare --net --mount sh -eu -c '
    ip link set lo up
    ip address add ADDRESS dev lo
    mkdir dev
    mount --rbind /dev dev
    mount -t tmpfs tmpfs /dev
    for node in null zero random urandom; do
        touch /dev/$node
        mount --bind dev/$node /dev/$node
    done
    mount -t tmpfs tmpfs /run/systemd/journal
    mount -t tmpfs tmpfs /var/spool/rsyslog
    for socket in $sockets; do mount -t tmpfs tmpfs "${socket%/*}"; done
    mkfifo nothing
    openssl s_server -accept END -cert "$1" -key "$2" -quiet <>nothing >got 2>/dev/null & server=$!
    perl -e "open F, q(<), qq(/proc/\\$ENV{pid}/cmdline); exec split /\\0/, <F>" & sender=$!
    trap "kill -KILL $server $sender" EXIT
    for socket in $sockets; do
        for turn in $(seq 50); do [ -S "$socket" ] && break; sleep 0.1; done
        perl -MSocket -e "
            socket S, PF_UNIX, SOCK_STREAM, 0 and connect S, pack_sockaddr_un(shift) or die;
            syswrite S, qq(<13>1 - - - - - - asked\\n); sleep 1" "$socket"
    done
    for turn in $(seq 50); do [ ! -s got ] || break; sleep 0.1; done
' sh CERTIFICATE KEY >/dev/null 2>errors || { tail -n 1 errors; exit; }
if [ -s got ]; then echo sent; else echo 'sent nothing'; fi"""
"""The sender once more, as it runs, in a network of its own in which somebody else has the
collector's address. What it keeps on disk, and where it listens, are its own: no socket of the
host, such as /dev/log, is replaced."""
SHOWN = {
    "the collector": (f"{PKI}/host.pem", f"{PKI}/host.key"),
    "a stranger": ("pem", "key"),
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


def senders_answer(host: Any, address: str, port: int, name: str, shown: str) -> str:
    """Return what the host's sender of logs does when somebody has the collector's address.

    Args:
        host: testinfra's host.
        address: the collector's.
        port: where it takes logs.
        name: the collector's name, which the stranger's certificate has too.
        shown: whose certificate is shown, of `SHOWN`.

    Returns:
        `sent`, `sent nothing`, or why it could not be asked.
    """
    certificate, key = SHOWN[shown]
    prefix = "128 nodad" if ":" in address else "32"
    end = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    replica = REPLICA.replace("ADDRESS", f"{address}/{prefix}").replace("END", end)
    replica = replica.replace("CERTIFICATE", certificate).replace("KEY", key)
    script = STRANGER.replace("NAME", shlex.quote(name)) + replica
    return str(host.run("sh -c %s", script).stdout).strip()
