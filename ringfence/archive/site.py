"""A site's archives: which hosts collect, with which keys, and where the heads are anchored."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from ringfence.archive.anchors import (
    Anchor,
    SeenHead,
    begun_again,
    compare,
    new_anchors,
    parse_anchors,
)
from ringfence.archive.findings import Reading
from ringfence.archive.keys import LARGEST, key_name, load_keys, parse_keys
from ringfence.archive.remote import Collector, ask
from ringfence.archive.verifying import ARCHIVE, Demands, read_chains, verify_archive
from ringfence.errors import UsageError
from ringfence.replacing import replace
from ringfence.site import Classification, Host, Site
from ringfence.steps import Say, nobody, part

GROUP = "log_collector"
FOLDER = "/srv/logs"
PUBLIC_KEY = "/var/lib/ringfence/archive/signing.pem"
ANCHORS = "/var/lib/ringfence/anchors"
RETENTION = {Classification.HIGH: 730}
"""Days; RD 1720/2007 art. 103.4 asks for two years."""
LEAST = 400
"""Days; PCI DSS 10.5.1 asks for twelve months."""
HOLDING_DATA = {"recordings", "database", "log_collector", "backup_server"}
"""Groups whose hosts have data although the site names no directory of theirs."""
KEEP = """\
umask 022
text=$(cat)
[ "${{text##*
}}" = end ] || {{ echo 'the heads did not arrive whole' >&2; exit 1; }}
mkdir -p {folder} && touch {file} && perl -e '
    open my $file, "<", $ARGV[0] or die "$ARGV[0]: $!\n";
    my $flags = pack "l!", 0;
    ioctl($file, 0x80086601, $flags) or die "$ARGV[0]: $!\n";
    $flags = pack "l!", unpack("l!", $flags) | 0x20;
    ioctl($file, 0x40086602, $flags) or die "$ARGV[0]: $!\n";' {file} || exit 1
printf '%s' "${{text%end}}" >>{file} && sync {file}
"""
"""Heads come with a last line of their own: half of what was sent would be worse than nothing. The
file is made append-only by what chattr(1) does (ioctl_iflags(2)): not every host has chattr."""


def retention_of(site: Site, host: Host) -> int:
    """Return for how many days a host's records must be kept: the most that anything asks for.

    Read from the site's files apart from how the collector's role reads them: it judges that role.
    """
    logging = getattr(site.policy, "logging", None)
    wanted = getattr(logging, "retention_days", None) or 0
    of_accesses = site.policy.retention.access_records_days if records_accesses(site, host) else 0
    return max(RETENTION.get(host.classification, LEAST), wanted, of_accesses)


def records_accesses(site: Site, host: Host) -> bool:
    """Whether the record of accesses is among a host's records: on hosts classified high, those
    that handle cards or health information, and those with data."""
    if host.classification == Classification.HIGH or host.pci or host.ephi:
        return True
    data = getattr(getattr(site.policy, "permissions", None), "data", ())
    named = {group for directory in data for group in directory.groups}
    return bool({"all", *host.groups} & (HOLDING_DATA | named))


def collectors(site: Site) -> list[Host]:
    """Return the hosts that collect logs; all send theirs to the first.

    Raises UsageError when there is none.
    """
    found = site.groups.get(GROUP, [])
    if not found:
        raise UsageError(
            f"{site.name} has no host in the group {GROUP}; an archive in a folder can be read too"
        )
    return found


@dataclass(frozen=True)
class SiteArchive:
    """One collector's archive, as its site knows it."""

    site: Site
    collector: Host

    @property
    def takes_all(self) -> bool:
        """Whether all hosts send their logs here: to the first collector of a site."""
        return collectors(self.site)[0].name == self.collector.name

    @property
    def key_file(self) -> Path:
        """Where the site keeps the collector's public keys."""
        return self.site.path / "archive" / f"{self.collector.name}.pem"

    @property
    def anchor_host(self) -> Host | None:
        """The host that keeps the heads. Raises UsageError when it is the collector itself."""
        name = getattr(getattr(self.site.policy, "logging", None), "anchor", None)
        if name is None:
            return None
        if name == self.collector.name:
            raise UsageError(
                f"logging.anchor is {name}, the collector itself: it needs another host"
            )
        return self.site.host(name)

    @property
    def anchor_file(self) -> str:
        """The file of heads on the host that keeps them."""
        return f"{ANCHORS}/{self.collector.name}.jsonl"

    def trust(self, add: bool) -> str:
        """Fetch the collector's public key, keep it in the site's folder, and return its name.

        Raises UsageError if the site has another key and `add` isn't told; UnansweredError.
        """
        text = ask(self.site, self.collector, f"head -c {LARGEST} {PUBLIC_KEY}")
        (name, _), *more = parse_keys(text, f"{self.collector.name}:{PUBLIC_KEY}").items()
        if more:
            raise UsageError(f"{self.collector.name}: {PUBLIC_KEY} holds several keys")
        known = load_keys(self.key_file) if self.key_file.exists() else {}
        if name in known:
            return name
        if known and not add:
            raise UsageError(
                f"{self.collector.name} shows a key that {self.key_file} does not have. If it was "
                "set up anew, say --add; if not, somebody else signs there"
            )
        self.key_file.parent.mkdir(exist_ok=True)
        before = self.key_file.read_bytes() if known else b""
        replace(self.key_file, before + text, 0o644)
        return name

    def verify(
        self,
        since: date | None,
        say: Say = nobody,
        seen: list[SeenHead] | None = None,
        expect: Callable[[list[str]], None] = lambda _hosts: None,
    ) -> Reading:
        """Read the whole archive, and compare it with the heads that verifications saw.

        Args:
            since: the first day whose files are read; None reads all.
            say: told each step.
            seen: the heads that verifications saw.
            expect: told the names of the hosts that are in the archive, once they are known.

        Raises:
            UsageError: the site has no key of the collector.
            UnansweredError: a host did not answer.
        """
        say(ARCHIVE, f"connecting to {self.collector.name}")
        demands = Demands(
            keys=load_keys(self.key_file),
            anchors=self.anchors(),
            seen=seen,
            hosts=tuple(self.site.hosts) if self.takes_all else (),
            now=datetime.now(UTC),
            since=since,
            retention={
                host.name: retention_of(self.site, host) for host in self.site.hosts.values()
            },
            others=max(
                RETENTION[Classification.HIGH], self.site.policy.retention.access_records_days
            ),
        )
        with closing(Collector(self.site, self.collector, FOLDER)) as source:
            expect(source.hosts())
            return verify_archive(source, demands, say)

    def anchors(self) -> list[Anchor] | None:
        """Return the heads that the other host keeps; None if the site names none."""
        host = self.anchor_host
        if host is None:
            return None
        text = ask(self.site, host, f"[ ! -e {self.anchor_file} ] || cat {self.anchor_file}")
        return parse_anchors(text.decode(), f"{host.name}:{self.anchor_file}")

    def anchor(
        self, begin_again: Iterable[str] = (), say: Say = nobody
    ) -> tuple[Reading, list[Anchor]]:
        """Carry the heads of all chains to the host that keeps them.

        Chains that are broken, or that don't go on from the heads that are kept, are told, and
        then nothing is carried: an anchor never makes a chain good that was written anew.

        Args:
            begin_again: hosts whose chain was put aside, so that its heads count no more.
            say: told each step of the collector's.

        Returns:
            What the chains showed, and the new heads.

        Raises:
            UsageError: the site names no other host, or has no key of the collector.
            UnansweredError: one of the two hosts did not answer.
        """
        name, chains_read = self.collector.name, part(say, 0.2, 0.8)
        say(name, "asking for the heads that are anchored")
        host, known = self.anchor_host, self.anchors()
        if host is None or known is None:
            raise UsageError("policy.yml names no host that keeps the heads: set logging.anchor")
        reading, now = Reading(), datetime.now(UTC)
        again = [begun_again(gone, now) for gone in begin_again]
        say(name, "connecting", 0.1)
        with closing(Collector(self.site, self.collector, FOLDER)) as source:
            keys = load_keys(self.key_file)
            chains = read_chains(
                source, keys, reading, lambda step, share: chains_read(name, step, share)
            )
        compare([*known, *again], chains, reading)
        if reading.findings:
            return reading, []
        made = new_anchors([*known, *again], chains, now)
        if made or again:
            say(name, f"carrying {len(made)} heads to {host.name}", 0.8)
            text = "".join(one.line() for one in [*again, *made]) + "end\n"
            ask(self.site, host, KEEP.format(folder=ANCHORS, file=self.anchor_file), text)
        return reading, made


def shown_key(path: Path) -> str:
    """Return the names of the keys in a file, for people."""
    return ", ".join(key_name(key)[:16] for key in load_keys(path).values())
