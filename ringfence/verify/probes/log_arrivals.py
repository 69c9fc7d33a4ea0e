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
END = 100_000
"""Bytes of a file, from its end, that are read: some hundred records."""
QUICKEST = r"""
use POSIX "mktime";

my $at = qr/"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)[0-9.]*Z"/;
sub moment { my ($y, $m, $d, @time) = @_; return mktime(reverse(@time), $d, $m - 1, $y - 1900) }
sub day { my @t = gmtime shift; return sprintf "%d-%02d-%02d", $t[5] + 1900, $t[4] + 1, $t[3] }

my $now = time;
# Soon after midnight the last minutes lie in the file of the day before, too.
my %days = map { day($_) => 1 } $now - LATELY, $now;
for my $host (@ARGV) {
    my $took;
    for my $day (keys %days) {
        open my $file, "<", "FOLDER/$host/$day.jsonl" or next;
        seek $file, -s $file > END ? -END : 0, -s $file > END ? 2 : 0;
        while (<$file>) {
            my @both = /^\{"received":$at,"sent":$at,/ or next;
            my $came = moment(@both[0 .. 5]);
            next if $came <= $now - LATELY;
            my $seconds = $came - moment(@both[6 .. 11]);
            $took = $seconds if !defined $took || $seconds < $took;
        }
    }
    printf "%s %s\n", $host, defined $took ? $took : "never";
}"""
"""With what perl-base has."""


def quickest(host: Any, names: Iterable[str]) -> dict[str, float]:
    """Return by host how many seconds its quickest record of the last minutes took."""
    script = QUICKEST.replace("LATELY", str(LATELY)).replace("FOLDER", FOLDER)
    words = " ".join(shlex.quote(name) for name in names)
    said = host.check_output(f"TZ=UTC perl -e %s {words}", script.replace("END", str(END)))
    found = dict(line.split() for line in said.splitlines())
    return {name: NEVER if took == "never" else float(took) for name, took in found.items()}
