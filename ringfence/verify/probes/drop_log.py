"""Whether packets that are dropped are really logged, and how many of a flood are."""

import re
from typing import Any

FLOOD = 300
"""Datagrams sent within a moment, to an address that is nobody's (RFC 5737) and the port 9."""
COMMAND = f"""\
perl -MSocket -e '
    socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
    send($s, "x", 0, pack_sockaddr_in(9, inet_aton("192.0.2.77"))) for 1 .. {FLOOD};
'
sleep 1
journalctl --sync
journalctl -q -k -o cat --since=-4s"""
LINE = re.compile(r"\bDST=192\.0\.2\.77 .*\bDPT=9\b")


def in_a_container(host: Any) -> bool:
    """Whether the kernel, and so its log, is somebody else's."""
    return bool(host.run("systemd-detect-virt --quiet --container").rc == 0)


def logged_of_a_flood(host: Any) -> int:
    """Return how many of the datagrams of a flood stand in the kernel's log."""
    return len(LINE.findall(host.run(COMMAND).stdout))
