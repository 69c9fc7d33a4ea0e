"""What hosts of the lab say, and whether the collector has all of it: each message once."""

import json
import time

from ringfence import lab as labs

COLLECTOR = "collector1"  # Debian 13
MESSAGES = 1000
SAY = "seq -f '{word} %.0f' {first} {last} | logger -t {word}"
ARCHIVE = "cd /srv/logs/{host} && {{ cat *.jsonl; zstd -dcq *.zst; }} 2>/dev/null | grep '{word}'"


def say(lab, host, word, first=1, last=MESSAGES):
    lab.run_on(host, SAY.format(word=word, first=first, last=last))


def received(lab, host, word):
    """Return what the archive has of a program's messages: each with its number in the journal."""
    text = labs.run_on(lab.path, COLLECTOR, ARCHIVE.format(host=host, word=word)).stdout
    records = [json.loads(line) for line in text.splitlines()]
    return [(one["sequence"], one["message"]) for one in records if one["program"] == word]


def all_arrive(lab, host, word):
    """Wait for every message; demand that numbers tell which are the same."""
    wanted = {f"{word} {number}" for number in range(1, MESSAGES + 1)}
    found: list[tuple[int, str]] = []
    for _ in range(120):
        found = received(lab, host, word)
        if {message for _, message in found} == wanted:
            break
        time.sleep(1)
    assert {message for _, message in found} == wanted
    assert len(set(found)) == len(wanted), "one message has two numbers"
