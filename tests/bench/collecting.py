"""A collector, and fifty senders that say as much as it takes: what comes into its archive."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import yaml
from integration import crowd

from bench import table, usage
from bench.place import HERE, REPOSITORY, Place
from ringfence import lab

COLLECTOR = "collector1"
ADDRESS = "10.81.0.15"
SENDERS = {f"load{number}": f"10.81.0.{100 + number}" for number in range(1, 51)}
LEAST = 10_000
"""Entries a second that the collector is meant to take."""
EACH = 30_000
"""Entries of each sender in a round: a million and a half of all."""
FEW = {20: 10_000, 1: 2_000}
"""Entries in a message that are fewer, and how many each sender then says, once."""
EMPTY = """
systemctl stop ringfence-log-receiver.service
cd /srv/logs && for name in {names}; do
    if [ -d "$name" ]; then chattr -R -i -a "$name" && rm -rf "$name"; fi
done
systemctl start ringfence-log-days.service ringfence-log-receiver.service
"""
COUNT = """
cd {archive} && for name in {names}; do
    {{ cat "$name"/*.jsonl; zstd -dcq "$name"/*.zst 2>/dev/null; }} | mawk -v name="$name" '
        /"program":"{who}"/ && match($0, /"sequence":[0-9]+,/) {{
            all++
            number = substr($0, RSTART + 11, RLENGTH - 12) + 0
            if (!(number in seen)) {{ seen[number]; if (number >= 1 && number <= {each}) once++ }}
        }}
        END {{ print name, all + 0, once + 0 }}'
done
"""
"""How many entries the archive has of each sender, and how many of those that it said."""


class Collecting(Place):
    """The same place, with the house of Ringfence itself and a site of its own."""

    @property
    def house(self) -> Path:
        """What a collector is hardened with."""
        return REPOSITORY

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the site's secrets can be opened, too."""
        return super().environment | {"RINGFENCE_IDENTITY": str(self.state / "id_ed25519")}


class Round(NamedTuple):
    """What the senders said, and what the collector took for it."""

    said: crowd.Said
    cpu: float
    """seconds of processor time that the collector used, all of its services"""

    @property
    def rate(self) -> float:
        """Entries a second, until the last was acknowledged."""
        return self.said.entries / self.said.seconds


def measure(place: Place, repeat: int) -> str:
    """Measure, and return the tables. Raises RuntimeError for an entry that is lost or twice."""
    with _collector(Collecting(place.root / "collect")) as collecting:
        credentials = crowd.certified(collecting.site, "load1", collecting.root)
        with crowd.at_home(collecting.site, SENDERS.values()) as enter:

            def one(each: int, batch: int) -> Round:
                _on_all(collecting, EMPTY)
                before = collecting.host_cpu(COLLECTOR)
                addresses = SENDERS.values()
                said = crowd.say_at_once(enter, ADDRESS, credentials, each, addresses, batch)
                took = Round(said, collecting.host_cpu(COLLECTOR) - before)
                print(f"{batch} in a message: {took}", file=sys.stderr, flush=True)
                _demand_all(collecting, each, said.entries)
                return took

            rounds = [one(EACH, crowd.BATCH) for _ in range(repeat)]
            fewer = {batch: one(each, batch) for batch, each in FEW.items()}
    return _tables(rounds, fewer)


@contextmanager
def _collector(collecting: Collecting) -> Iterator[Collecting]:
    """Bring a collector to its baseline, in a lab of its own that ends with the bench."""
    house = os.environ.get("RINGFENCE_HOUSE")
    os.environ["RINGFENCE_HOUSE"] = str(collecting.house)  # its packages are in the lab's image
    site = collecting.site
    try:
        lab.down(site, say=_say)
        shutil.rmtree(collecting.root, ignore_errors=True)
        shutil.copytree(HERE / "collect", site)
        declared = yaml.safe_load((site / "hosts.yml").read_text())
        sender = {"groups": ["agents"], "classification": "basic", "owner": "ana"}
        declared["hosts"] |= {name: sender | {"address": at} for name, at in SENDERS.items()}
        (site / "hosts.yml").write_text(json.dumps(declared))
        lab.up(site, None, say=_say)
        key = str(collecting.state / "id_ed25519.pub")
        for words in (
            ("secrets", "add-recipient", str(site), "--owner", "ana", key),
            ("pki", "init", str(site)),
            ("apply", str(site), "--limit", COLLECTOR, "--no-verify"),
        ):
            done = usage.run(collecting.ringfence(*words), collecting.environment)
            if done.code:
                raise RuntimeError(done.output[-3000:])
        yield collecting
    finally:
        lab.down(site, say=_say)
        if house is None:
            del os.environ["RINGFENCE_HOUSE"]
        else:
            os.environ["RINGFENCE_HOUSE"] = house


def _on_all(collecting: Collecting, script: str, **values: object) -> str:
    return collecting.on(COLLECTOR, script.format(names=" ".join(SENDERS), **values))


def _demand_all(collecting: Collecting, each: int, acknowledged: int) -> None:
    values = {"archive": "/srv/logs", "who": crowd.WHO, "each": each}
    compare(_on_all(collecting, COUNT, **values), each, acknowledged)


def compare(counted: str, each: int, acknowledged: int) -> None:
    """Demand that an archive has each entry of each sender once.

    Args:
        counted: what COUNT printed of the archive.
        each: how many entries each sender was to say.
        acknowledged: how many of all the generator counted.
    """
    found = {
        name: (int(every), int(once)) for name, every, once in map(str.split, counted.splitlines())
    }
    amiss = {name: found.get(name) for name in SENDERS if found.get(name) != (each, each)}
    archived = sum(every for every, _ in found.values())
    if amiss or archived != acknowledged:
        raise RuntimeError(
            f"{acknowledged} entries acknowledged, {archived} archived; of {each} of each sender "
            f"(all, different ones): {amiss}"
        )


def _tables(rounds: list[Round], fewer: dict[int, Round]) -> str:
    rates = [one.rate for one in rounds]
    rows = [
        _row(crowd.BATCH, rounds, f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"),
        *(_row(batch, [one], f"{one.rate:,.0f}") for batch, one in fewer.items()),
    ]
    entries = sum(one.said.entries for one in [*rounds, *fewer.values()])
    promised = [
        table.Aim(
            f"entries a second from {len(SENDERS)} senders, {crowd.BATCH} in a message",
            f"{median(rates):,.0f}",
            f"at least {LEAST:,}",
            median(rates) >= LEAST,
        ),
        table.Aim(f"of {entries:,} entries lost, or there twice", "0", "0", True),
    ]
    head = (
        "entries in a message",
        "entries a second",
        "entries in a round",
        "a round",
        "collector's processor, for a million",
        "of one processor",
    )
    return f"{table.table(head, rows)}\n{table.aims(promised)}"


def _row(batch: int, rounds: list[Round], rate: str) -> tuple[str, ...]:
    cpu = median(one.cpu / one.said.entries for one in rounds) * 1e6
    share = median(one.cpu / one.said.seconds for one in rounds)
    return (
        str(batch),
        rate,
        f"{rounds[0].said.entries:,}",
        table.seconds([one.said.seconds for one in rounds]),
        f"{cpu:.0f} s",
        f"{share:.0%}",
    )


def _say(host: str, step: str) -> None:
    print(f"{host}: {step}", file=sys.stderr)
