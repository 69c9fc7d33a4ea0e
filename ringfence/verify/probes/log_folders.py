"""The collector's archive of logs as its file system, its shell and its clock show it.

Nothing here asks the job that writes the archive. Sources: lsattr(1), chattr(1), sha256sum(1).
"""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

FOLDER = "/srv/logs"
KEY = "/var/lib/ringfence/archive/signing.key"
PUBLIC_KEY = "/var/lib/ringfence/archive/signing.pem"
SETTINGS = "/etc/ringfence/archive.json"
TIMERS = "*archive*.timer"
ENTRIES = 16
"""How many of the last entries of each chain are asked for; `ringfence logs verify` reads all."""
DIGESTS = 2
"""How many of the last closed files of each host are hashed in each run."""
SHOWN = 100
"""How many files of each host are named that are not as its chain says."""
REFUSED = "Operation not permitted"
"""EPERM: the file's attribute (chattr(1)), whatever the rights of who asks."""

CHAINS = rf"""
cd {FOLDER} 2>/dev/null && for folder in *; do
    [ -d "$folder" ] && [ "$folder" != lost+found ] || continue
    chain=$folder/chain.jsonl
    echo "folder $folder"
    [ -e "$chain" ] || continue
    echo "closed $(grep -c '"kind":"closed"' "$chain") $(grep -c '"kind":"pruned"' "$chain")"
    echo "there $(find "$folder" -maxdepth 1 -type f -name '[0-9]*.jsonl.zst' | wc -l)"
    {{
        for kind in closed pruned; do
            sed -n 's/.*"file":"\([^"]*\)",.*"kind":"'$kind'".*/'$kind' \1/p' "$chain"
        done
        find "$folder" -maxdepth 1 -type f -name '[0-9]*.jsonl.zst' -printf 'there %f\n'
    }} | awk '{{ name = substr($0, length($1) + 2); said[name] = said[name] " " $1 }} END {{
        for (name in said)
            if (said[name] == " closed") print "missing " name
            else if (said[name] !~ /^ closed (there|pruned)$/) print "odd " name ":" said[name]
    }}' | sort | head -n {SHOWN}
    tail -c 1 "$chain" | grep -q . && echo torn
    head -n 1 "$chain" | sed 's/^/first /'
    echo
    tail -n {ENTRIES} "$chain" | sed 's/^/entry /'
    echo
    (cd "$folder" && find . -maxdepth 1 -type f -name '[0-9]*.jsonl.zst' -printf '%f\n' |
        sort | tail -n {DIGESTS} | xargs -r sha256sum --) | sed 's/^/digest /'
    find "$folder" -maxdepth 1 -type f -name '[0-9]*.jsonl' -printf 'open %f %s\n'
done"""

ATTRIBUTES = rf"""
cd {FOLDER} 2>/dev/null && find . -mindepth 2 -maxdepth 2 -type f -print0 |
    xargs -0r lsattr -d -- 2>&1 | while read -r flags path; do
    case $path in
    */[0-9]*.jsonl.zst) wanted=i ;;
    */[0-9]*.jsonl | */chain.jsonl) wanted=a ;;
    *) wanted=none ;;
    esac
    case $flags in *"$wanted"*) echo "$wanted" ;; *) echo "$wanted lacks $path" ;; esac
done | sort | uniq -c | sort -rn | head -n 100"""

ATTEMPTS = r"""
use Fcntl;

chdir "FOLDER" or exit;
for my $folder (sort grep { -d && $_ ne "lost+found" } glob "*") {
    my @closed = sort glob "$folder/[0-9]*.jsonl.zst";
    my @files = ("$folder/chain.jsonl", glob("$folder/[0-9]*.jsonl"), @closed ? $closed[-1] : ());
    for my $path (grep { -f } @files) {
        my %answers;
        my $try = sub { my ($what, $done) = @_; $answers{$what} = $done ? "done" : "$!" };
        $try->("write", sysopen my $over, $path, O_WRONLY);
        $try->("append", sysopen my $behind, $path, O_WRONLY | O_APPEND) if $path =~ /zst$/;
        $try->("rename", rename $path, "$path.tried");
        rename "$path.tried", $path if $answers{rename} eq "done";
        # For the same reason as the others; were they allowed, this would be, too, and for good.
        $try->("remove", unlink $path) unless grep { $_ ne "REFUSED" } values %answers;
        printf "%s|%s|%s|%s\n", $_, $folder, $path, $answers{$_} for sort keys %answers;
    }
}"""
"""With what perl-base has."""


@dataclass
class Attempts:
    """What came of the attempts of root to alter the files of one host."""

    refused: int = 0
    other: list[str] = field(default_factory=list)
    """those that the kernel did not refuse: ``write pbx1/chain.jsonl: done``"""


@dataclass
class HostFolder:
    """What is known of one host's folder."""

    name: str
    closed: int = 0
    """entries of files that were closed"""
    pruned: int = 0
    there: int = 0
    """closed files that are there"""
    missing: list[str] = field(default_factory=list)
    """names of files that were closed and not removed since, and that are not there"""
    odd: list[str] = field(default_factory=list)
    """names of files that the chain doesn't know, or knows twice, or that it says were removed"""
    torn: bool = False
    first: str = ""
    entries: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 (hex) of the last closed files, by name"""
    open_days: list[date] = field(default_factory=list)
    """days with an open file that holds something"""


def folders(host: Any) -> list[HostFolder]:
    """Return what the archive holds, a folder a host."""
    found: list[HostFolder] = []
    for line in host.run(CHAINS).stdout.splitlines():
        word, _, rest = line.partition(" ")
        match word, rest.split(" "):
            case "folder", _:
                found.append(HostFolder(rest))
            case "closed", [closed, pruned]:
                found[-1].closed, found[-1].pruned = int(closed), int(pruned)
            case "there", [count]:
                found[-1].there = int(count)
            case "torn", _:
                found[-1].torn = True
            case "first", _:
                found[-1].first = rest
            case "entry", _:
                found[-1].entries.append(rest)
            case "missing", _:
                found[-1].missing.append(rest)
            case "odd", _:
                found[-1].odd.append(rest)
            case "digest", [digest, *name]:
                found[-1].digests[name[-1]] = digest
            case "open", [name, size] if size != "0":
                found[-1].open_days.append(date.fromisoformat(name[:10]))
    return found


def today(host: Any) -> date:
    """Return the day by the host's clock, in UTC; before 04:00 yesterday, which may be open yet."""
    return date.fromisoformat(host.check_output("date -u -d '4 hours ago' +%F").strip())


def without_attribute(host: Any) -> tuple[int, list[str]]:
    """Return how many files have the attribute that they must have, and what those are that don't:
    ``i lacks ./pbx1/2026-03-01.jsonl.zst``."""
    good, bad = 0, []
    for line in host.run(ATTRIBUTES).stdout.splitlines():
        count, _, text = line.strip().partition(" ")
        if "lacks" in text:
            bad.append(text)
        else:
            good += int(count)
    return good, sorted(bad)


def attempts(host: Any) -> dict[str, Attempts]:
    """Try to alter, rename and remove files of each host, without changing what they hold.

    Tried are the chain, what is open, and what was closed last. Only what may neither be written to
    nor renamed is tried to be removed.

    Returns:
        What came of it, by the host's folder.
    """
    script = ATTEMPTS.replace("FOLDER", FOLDER).replace("REFUSED", REFUSED)
    found: dict[str, Attempts] = {}
    for line in host.check_output("LC_ALL=C perl -e %s", script).splitlines():
        what, folder, path, answer = line.split("|")
        one = found.setdefault(folder, Attempts())
        if answer == REFUSED:
            one.refused += 1
        else:
            one.other.append(f"{what} {path}: {answer}")
    return found


def settings(host: Any) -> dict[str, Any]:
    """Return for how many days the archive keeps files, as the host has it; empty if unreadable."""
    try:
        content = json.loads(host.run(f"cat {SETTINGS}").stdout)
    except ValueError:
        return {}
    return content.get("retention_days", {}) if isinstance(content, dict) else {}


def public_key(host: Any) -> bytes:
    """Return the public key that the collector shows, in PEM."""
    return str(host.run(f"cat {PUBLIC_KEY}").stdout).encode()


def key_status(host: Any) -> str:
    """Return kind, owner and mode of the key that signs: ``regular file root:root 600``."""
    return str(host.run(f"stat -c '%F %U:%G %a' {KEY}").stdout.strip() or "missing")
