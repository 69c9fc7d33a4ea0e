"""The access record as it lies on the collector: whether the last closed day of each host is whole.

The collector itself reads its files: nothing here knows how `ringfence access-record` does it.
Sources: zstd(1), auditd's record format (audit-documentation, "SYSCALL", "PATH").
"""

import shlex
from dataclasses import dataclass
from datetime import date
from typing import Any

FOLDER = "/srv/logs"
EDGE = 5
"""Seconds at both ends of a day in which records of an access may lie in the other day's file."""
MOST_SHOWN = 20

READ = r"""
cd ARCHIVE 2>/dev/null || exit 0
for folder in */; do
    sed -n "1s|^{.*\"day\":\"\([0-9-]*\)\".*\"kind\":\"begun\".*|begun $folder \1|p" \
        "${folder}chain.jsonl" 2>/dev/null
    file=$(find "$folder" -maxdepth 1 -type f -name '[0-9]*.jsonl.zst' | sort | tail -n 1)
    [ -n "$file" ] || continue
    zstd -dcq -- "$file" 2>/dev/null | FILE=$file perl -ne '
        BEGIN { $text = qr/(?:[^"\\\x00-\x1f]|\\.)*/ }
        $lines++;
        next unless /\}$/;  # torn when the collector stopped: the line came again
        my ($program, $message) = /^\{"received":"[0-9T:.-]+Z","sent":"[0-9T:.-]+Z","host":"$text",
            "sequence":[0-9]+,"facility":"$text","severity":"$text","program":"($text)",
            "pid":"$text","message":"($text)"\}$/x;
        if (!defined $message) { $odd++ < MOST and print "odd $ENV{FILE} line $lines\n"; next }
        next if $program !~ /^audisp(?:d|-syslog)$/;
        my ($type, $second, $id, $rest) =
            $message =~ /^(?:node=\S+ )?type=(\w+) msg=audit\((\d+)(\.\d+:\d+)\): ?(.*)/ or next;
        my $event = $events{"$second$id"} //= { second => $second };
        $event->{paths}++ if $type eq "PATH" && $rest =~ / name=\S/;
        if ($type eq "SYSCALL" && $rest =~ / key=\\"access-(?:record|denied)\\"/) {
            ($event->{items}) = $rest =~ / items=(\d+)/;
            $event->{told} = $rest =~ / success=(?:yes|no) / && $rest =~ / auid=\d+ /;
            $event->{id} = "$second$id";
        }
        END {
            print "lines $ENV{FILE} ", $lines // 0, "\n";
            for (values %events) {
                next unless $_->{id};
                my $at = $_->{second} % 86400;
                next if $at < EDGE || $at >= 86400 - EDGE;
                $accesses++;
                next if $_->{told} && ($_->{paths} // 0) >= ($_->{items} // 1);
                $lacking++ < MOST and print "lacking $ENV{FILE} $_->{id}\n";
            }
            print "accesses $ENV{FILE} ", $accesses // 0, "\n";
        }'
done"""

OLDEST = r"""
cd ARCHIVE 2>/dev/null || exit 0
for folder in */; do
    file=$(find "$folder" -maxdepth 1 -type f -name '[0-9]*.jsonl.zst' | sort | head -n 1)
    [ -n "$file" ] || continue
    zstd -tq -- "$file" 2>/dev/null && echo "read $file" || echo "damaged $file"
done"""


@dataclass(frozen=True)
class LastDays:
    """What the last closed file of each host says."""

    lines: dict[str, int]
    """How many lines each file has."""
    accesses: dict[str, int]
    """How many accesses each file has, whole or not."""
    odd: list[str]
    """Lines that are no messages: some of them."""
    lacking: list[str]
    """Accesses that don't tell who, which file and whether it was allowed: some of them."""
    begun: dict[str, date]
    """The first day of each host in the archive, as its chain says."""

    def is_due(self, host: str, today: date) -> bool:
        """Whether a day of the host's is over: all but those whose chain began today."""
        return self.begun.get(host, date.min) < today


def last_days(host: Any, folder: str = FOLDER) -> LastDays:
    """Read the last closed file of each host in the archive."""
    script = READ.replace("ARCHIVE", shlex.quote(folder))
    script = script.replace("MOST", str(MOST_SHOWN)).replace("EDGE", str(EDGE))
    found = LastDays({}, {}, [], [], {})
    for line in host.run(f"sh -c {shlex.quote(script)}").stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word in {"lines", "accesses"}:
            file, _, count = rest.rpartition(" ")
            getattr(found, word)[file] = int(count)
        elif word == "begun":
            name, _, day = rest.partition("/ ")
            found.begun[name] = date.fromisoformat(day)
        elif word in {"odd", "lacking"}:
            getattr(found, word).append(rest)
    return found


def oldest(host: Any, folder: str = FOLDER) -> dict[str, str]:
    """Return the oldest closed file of each host: `read` when it can be read to its end."""
    script = OLDEST.replace("ARCHIVE", shlex.quote(folder))
    lines = host.run(f"sh -c {shlex.quote(script)}").stdout.splitlines()
    return {file: word for word, _, file in (line.partition(" ") for line in lines)}
