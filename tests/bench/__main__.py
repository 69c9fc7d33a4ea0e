"""Measures, prints the tables, and puts them into docs/benchmarks.md."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from bench import applying, many, table, verifying
from bench.place import HOST, bring, prepare
from ringfence import lab

PARTS = ("verify", "apply", "many")


def main() -> None:
    """Measure the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each way (5)")
    parser.add_argument("--dry", action="store_true", help="print the tables, leave the page")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"there is no part {unknown.pop()!r}")
    place = prepare()
    try:
        for part in chosen.parts or PARTS:
            began = _load()
            if part == "apply":
                text = applying.measure(place, chosen.repeat, chosen.repeat)
            elif part == "many":
                text = many.measure(place, chosen.repeat)
            else:
                bring(place, "--limit", HOST)
                text = verifying.measure(place, chosen.repeat)
            text = f"{text}\n{_circumstances(chosen.repeat, began)}"
            print(f"\n== {part}\n\n{text}", flush=True)
            if not chosen.dry:
                table.put(part, text)
    finally:
        lab.down(place.site, say=lambda host, step: None)


def _circumstances(repeat: int, began: str) -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return (
        f"Medians of {repeat}, on {datetime.now(UTC):%Y-%m-%d}, with {os.cpu_count()} processors "
        f"({names[0] if names else 'unknown'}); load {began} at the beginning, {_load()} at the "
        "end.\n"
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
