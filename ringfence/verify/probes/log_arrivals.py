"""How long what hosts say is on its way: the moments that its records in the archive have.

Of the last minutes' records the quickest counts: what waited while the collector was away is late
for a while, and no fault of the way.
"""

import shlex
from collections.abc import Iterable
from typing import Any

FOLDER = "/srv/logs"
LATELY = 600
"""Seconds."""
NEVER = 1e6
"""What is told of a host of which nothing came lately."""
END = 1_000_000
"""Bytes of a file, from its end, that are read."""
QUICKEST = r"""
since=$(date -u -d "-LATELY seconds" +%FT%T) today=$(date -u +%F)
yesterday=$(date -u -d "$today -1 day" +%F)
for host; do
    printf '%s ' "$host"
    for day in "$yesterday" "$today"; do
        tail -c END -- "FOLDER/$host/$day.jsonl" 2>/dev/null
    done | SINCE=$since perl -ne '
        sub moment {    # seconds, from some moment on
            my ($y, $m, $d, $hours, $minutes, $seconds) = split /[T:-]/, $_[0];
            ($y, $m) = ($y - 1, $m + 12) if $m < 3;
            my $days = 365 * $y + int($y / 4) - int($y / 100) + int($y / 400)
                + int((153 * ($m - 3) + 2) / 5) + $d;
            return (($days * 24 + $hours) * 60 + $minutes) * 60 + $seconds;
        }
        my $at = qr/"([0-9T:-]{19})[0-9.]*Z"/;
        my ($came, $said) = /^\{"received":$at,"sent":$at,/;
        next if !defined $said || $came le $ENV{SINCE};
        my $seconds = moment($came) - moment($said);
        $took = $seconds if !defined $took || $seconds < $took;
        END { print defined $took ? $took : "never" }'
    echo
done"""
"""With what perl-base has."""


def quickest(host: Any, names: Iterable[str]) -> dict[str, float]:
    """Return by host how many seconds its quickest record of the last minutes took."""
    script = QUICKEST.replace("LATELY", str(LATELY)).replace("FOLDER", FOLDER)
    words = " ".join(shlex.quote(name) for name in names)
    said = host.check_output(f"sh -c %s archive {words}", script.replace("END", str(END), 1))
    found = dict(line.split() for line in said.splitlines())
    return {name: NEVER if took == "never" else float(took) for name, took in found.items()}
