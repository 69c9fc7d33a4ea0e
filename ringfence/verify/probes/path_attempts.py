"""Real packets: through a copy of the rules that run, and to the other hosts of the site.

The copy filters in a network namespace of its own, which is joined by a cable to a second one that
plays every other host and an address outside: so every source, both protocols and both families
are tried, in both directions, without a packet on the network. Nothing of it outlives the command.
Both are asked by one command, because both mostly wait.
"""

import shlex
from pathlib import Path
from typing import Any, NamedTuple

from ringfence.verify.probes.declared_paths import DeclaredPaths

OUTSIDE = ("192.0.2.77", "2001:db8::77")
"""Addresses for documentation (RFC 5737, RFC 3849), which are no host of anybody's."""
HERE_IPV6 = "2001:db8::1"
SCRIPT = Path(__file__).with_name("path_attempts.pl").read_text()
REPLICA = """\
set -eu
ulimit -n 16384
script={script}
# Without the elements of sets: who is shut out at this moment is no rule.
rules=$(nft list ruleset | awk '
    /elements = \\{{/ {{ skip = 1 }} !skip {{ print }} /\\}}/ {{ skip = 0 }}')
export rules script
perl -e "$script" peers {peers} | {{
unshare --net sh -c '
    unshare --net sleep 50 </dev/null >/dev/null 2>&1 & away=$!
    trap "kill $away" EXIT
    nodad() {{ case $1 in *:*) echo nodad ;; esac; }}
    own=$(readlink /proc/self/ns/net)
    while [ "$(readlink /proc/$away/ns/net)" = "$own" ]; do sleep 0.02; done
    over() {{ nsenter --net=/proc/$away/ns/net "$@"; }}
    echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
    ip link set lo up
    ip link add here type veth peer name away netns $away
    over ip link set lo up
    for address in {here}; do ip address add "$address" dev here $(nodad $address); done
    for address in {away}; do over ip address add "$address" dev away $(nodad $address); done
    ip link set here up
    over ip link set away up
    for family in -4 -6; do
        ip $family route add default dev here
        over ip $family route add default dev away
    done
    printf "%s\\n" "$rules" | nft -f -
    perl -e "$script" here $away {here_words} -- {away_words} -- {ports}
' </dev/null
cat
}}"""


class Attempt(NamedTuple):
    """One new connection, or one datagram that asks for an answer."""

    direction: str
    """in or out"""
    protocol: str
    peer: str
    port: int

    def __str__(self) -> str:
        word = "from" if self.direction == "in" else "to"
        return f"{self.protocol} {self.port} {word} {self.peer}"


def through_the_rules(host: Any, paths: DeclaredPaths) -> dict[Attempt, bool]:
    """Return whether each attempt came through a copy of the rules that run."""
    found = {}
    for line in _tried(host, paths):
        if not line.startswith("peer "):
            direction, protocol, peer, port, outcome = line.split()
            found[Attempt(direction, protocol, peer, int(port))] = outcome == "open"
    return found


def to_the_peers(host: Any, paths: DeclaredPaths) -> dict[Attempt, str]:
    """Return what came of a TCP connection to each port of one host of each group.

    `reached` (answered, were it with a refusal: nothing listens), `closed here`, `closed there`,
    or `no answer`.
    """
    found = {}
    for line in _tried(host, paths):
        if line.startswith("peer "):
            _, peer, port, outcome = line.split(" ", 3)
            found[Attempt("out", "tcp", peer, int(port))] = outcome
    if missing := [attempt for attempt in _to_peers(paths) if attempt not in found]:
        raise RuntimeError(f"paths could not be tried: nothing came of {missing[0]}")
    return found


def _tried(host: Any, paths: DeclaredPaths) -> list[str]:
    away = [peer.address for peer in paths.peers()]
    away += [network.partition("/")[0] for network in paths.settings.administration]
    away = list(dict.fromkeys([*away, *OUTSIDE]))
    here = list(dict.fromkeys([paths.host.address, HERE_IPV6]))
    if ":" in paths.host.address:
        here = [paths.host.address, "192.0.2.1"]
    command = REPLICA.format(
        script=shlex.quote(SCRIPT),
        here=" ".join(map(_with_prefix, here)),
        away=" ".join(map(_with_prefix, away)),
        here_words=" ".join(here),
        away_words=" ".join(away),
        ports=" ".join(map(str, paths.ports())),
        peers=" ".join(f"{a.peer},{a.port}" for a in _to_peers(paths)),
    )
    answer = host.run(command)
    if answer.rc != 0 or not answer.stdout.strip():
        raise RuntimeError(f"paths could not be tried: {answer.stderr.strip()[-300:]}")
    lines: list[str] = answer.stdout.splitlines()
    return lines


def _to_peers(paths: DeclaredPaths) -> list[Attempt]:
    return [
        Attempt("out", "tcp", peer.address, port)
        for peer in paths.peers()
        for port in paths.ports()
    ]


def _with_prefix(address: str) -> str:
    return f"{address}/128" if ":" in address else f"{address}/32"
