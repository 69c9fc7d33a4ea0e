"""Whether packets that are dropped are really logged, and how many of a flood are.

A container has no kernel log of its own. There the flood goes through a copy of the rules that run,
in a network namespace that exists for the moment, where what would be logged is counted.
"""

import json
import re
import shlex
from itertools import pairwise
from typing import Any

FLOOD = 300
"""Datagrams sent within a moment, to an address that is nobody's (RFC 5737) and the port 9."""
SEND = f"""\
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
send($s, "x", 0, pack_sockaddr_in(9, inet_aton("192.0.2.77"))) for 1 .. {FLOOD};"""
IN_THE_LOG = f"""\
began=$(date +%s)
perl -MSocket -e {shlex.quote(SEND)}
sleep 1
journalctl --sync
journalctl -q -k -o cat --since=@$began"""
LINE = re.compile(r"\bDST=192\.0\.2\.77 .*\bDPT=9\b")
COUNT_WHAT_IS_LOGGED = """\
s/ comment "[^"]*"//;
s/("[^"]*")|\\blog\\b/$1 || "counter log"/ge;
$skip = 1 if /elements = \\{/; print unless $skip; $skip = 0 if /\\}/;"""
COUNTED = f"""\
set -eu
command -v nft >/dev/null || exit 0
flood={shlex.quote(SEND)}
rules=$(nft list ruleset | perl -ne {shlex.quote(COUNT_WHAT_IS_LOGGED)})
export flood rules
exec unshare --net sh -euc '
    ip link add here type veth peer name away
    ip address add 192.0.2.1/32 dev here
    for link in lo here away; do ip link set $link up; done
    ip route add default dev here
    printf "%s\\n" "$rules" | nft -f -
    perl -MSocket -e "$flood"
    nft -j list ruleset
'"""


def in_a_container(host: Any) -> bool:
    """Whether the kernel, and so its log, is somebody else's."""
    return bool(host.run("systemd-detect-virt --quiet --container").rc == 0)


def logged_of_a_flood(host: Any) -> int:
    """Return how many of the datagrams of a flood stand in the kernel's log."""
    return len(LINE.findall(host.run(IN_THE_LOG).stdout))


def counted_of_a_flood(host: Any) -> int:
    """Return how many lines a flood would add to the kernel's log, by a copy of the rules."""
    listing = host.check_output(COUNTED)
    objects = json.loads(listing)["nftables"] if listing else []
    rules = [item["rule"]["expr"] for item in objects if "rule" in item]
    return sum(
        before["counter"]["packets"]
        for rule in rules
        for before, statement in pairwise(rule)
        if "log" in statement and "counter" in before
    )
