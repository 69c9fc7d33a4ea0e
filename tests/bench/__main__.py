"""Measures, prints the tables, and puts them into docs/benchmarks.md."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from bench import applying, collecting, many, record, table, verifying
from bench.place import HOST, Place, bring, prepare, root
from ringfence import lab

PARTS = ("verify", "apply", "many", "record", "collect")
WITHOUT_LAB = {"record", "collect"}
"""Those that don't need the lab of the others; `collect` has one of its own."""


def main() -> None:
    """Measure the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each way (5)")
    parser.add_argument("--dry", action="store_true", help="print the tables, leave the page")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"there is no part {unknown.pop()!r}")
    parts = chosen.parts or PARTS
    needs_lab = not WITHOUT_LAB.issuperset(parts)
    place = prepare() if needs_lab else Place(root())
    try:
        for part in parts:
            began = _load()
            repeat = 1 if part == "record" else chosen.repeat
            text = f"{_measured(part, place, repeat)}\n{_circumstances(repeat, began)}"
            print(f"\n== {part}\n\n{text}", flush=True)
            if not chosen.dry:
                table.put(part, text)
    finally:
        if needs_lab:
            lab.down(place.site, say=lambda host, step: None)


def _measured(part: str, place: Place, repeat: int) -> str:
    if part == "apply":
        return applying.measure(place, repeat, repeat)
    if part == "many":
        return many.measure(place, repeat)
    if part == "record":
        return record.measure(place)
    if part == "collect":
        return collecting.measure(place, repeat)
    bring(place, "--limit", HOST)
    return verifying.measure(place, repeat)


def _circumstances(repeat: int, began: str) -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    how = "One run each" if repeat == 1 else f"Medians of {repeat}"
    return (
        f"{how}, on {datetime.now(UTC):%Y-%m-%d}, with {os.cpu_count()} processors "
        f"({names[0] if names else 'unknown'}); load {began} at the beginning, {_load()} at the "
        "end.\n"
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
