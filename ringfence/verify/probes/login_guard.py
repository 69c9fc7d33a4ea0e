"""The program that shuts out addresses which fail to log in: what it says, and what it does."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from math import inf
from typing import Any

SOCKET = "/run/fail2ban/fail2ban.sock"
TRIAL = """
import random, subprocess, sys, time
from fail2ban.client.csocket import CSocket

def tell(*words):
    return CSocket("SOCKET").send(list(words))

def soon(address, places=1):
    for _ in range(40):
        words = ["nft", "-j", "list", "ruleset"]
        rules = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        if rules.count(f'"{address}"') >= places:
            break
        time.sleep(0.25)
    return rules.strip()

# Others each time: who fails in three verifications of a day would be shut out for a week.
four, six = f"192.0.2.{random.randint(1, 254)}", f"2001:db8::{random.randint(1, 65535):x}"
tries = [str(number) for number in range(ATTEMPTS)]
print(four, six, flush=True)
tell("unban", four, six)
for address in (four, six):
    tell("set", "sshd", "attempt", address, *tries)
soon(four)
rules = soon(six)
print(rules, flush=True)
if f'"{four}"' not in rules:
    sys.exit()
for _ in range(2):
    tell("set", "sshd", "unbanip", four)
    tell("set", "sshd", "attempt", four, *tries)
    soon(four)
soon(four, places=2)  # of this jail, and of the one for those who come back
tell("set", "sshd", "unbanip", four)  # as it does when its time is over
print(soon(four))
tell("unban", four, six)
"""
"""Prints two strangers' addresses (RFC 5737, RFC 3849: nobody has them), the rules once they
failed, and those once the first has failed three times and the jail of sshd let it in again."""
DAYS = 6 * 86_400  # seconds: of a week, but for what the trial takes
PROMPT = "fail2ban>"
SORRY = "Sorry but"


def asked(host: Any, *commands: str) -> list[str]:
    """Return what the server answers to each of some commands, in one session of its client.

    A jail that doesn't run has no answer. Told to leave, the client ends well: where its input
    merely ends it exits with 255, by which ssh says that it reached nobody.
    """
    lines = "\n".join((*commands, "exit"))
    said = host.run("printf '%%s\n' %s | fail2ban-client -i", lines).stdout
    answers = [part.strip() for part in said.split(PROMPT)[1:]]
    answers += [""] * len(commands)
    return ["" if SORRY in answer else answer for answer in answers[: len(commands)]]


def jails(host: Any) -> list[str]:
    """Return the names of the jails that run."""
    (text,) = asked(host, "status")
    listed = re.search(r"Jail list:\s*(.*)", text)
    return sorted(listed[1].replace(",", " ").split()) if listed else []


def settings(host: Any, jails: Iterable[str], *names: str) -> dict[tuple[str, str], str]:
    """Return what jails say of their settings, by jail and name; nothing of one that's not run."""
    asked_for = [(jail, name) for jail in jails for name in names]
    answers = asked(host, *(f"get {jail} {name}" for jail, name in asked_for))
    return dict(zip(asked_for, answers, strict=True))


def networks(text: str) -> list[str]:
    """Return the networks that a jail names as those that it never shuts out."""
    found = []
    for word in re.split(r"[\s`|-]+", text):
        try:
            found.append(str(ip_network(word, strict=False)))
        except ValueError:
            continue
    return found


def shut_out(ruleset: str) -> dict[str, float]:
    """Return the addresses in sets by which a packet filter drops what comes in.

    Each with the seconds for which it is to stay there.
    """
    objects = json.loads(ruleset)["nftables"] if ruleset.strip() else []
    rules = [json.dumps(item["rule"]["expr"]) for item in objects if "rule" in item]
    dropping = {
        name
        for text in rules
        if '"drop"' in text
        for name in re.findall(r'"right": "@(\w+)"', text)
    }
    found: dict[str, float] = {}
    for item in (item["set"] for item in objects if "set" in item):
        if item["name"] in dropping:
            for element in item.get("elem", []):
                known = element["elem"] if isinstance(element, dict) else {"val": element}
                address, seconds = str(known["val"]), float(known.get("expires", inf))
                found[address] = max(seconds, found.get(address, 0))
    return found


def shut_out_now(host: Any) -> dict[str, float]:
    """Return the addresses that the packet filter drops at this moment."""
    return shut_out(host.check_output("nft -j list ruleset"))


@dataclass(frozen=True)
class Trial:
    """What became of two strangers, IPv4 and IPv6, who failed as often as nobody may."""

    strangers: list[str]
    shut_out: list[str]
    """those whom the packet filter then dropped"""
    for_longer: list[str]
    """those whom it dropped for days after they had failed three times; the second doesn't"""


def try_strangers(host: Any, attempts: int) -> Trial:
    """Have two strangers fail, and say what became of them; they are let in again."""
    script = TRIAL.replace("SOCKET", SOCKET).replace("ATTEMPTS", str(attempts))
    named, _, rest = host.run("python3 -c %s", script).stdout.partition("\n")
    first, _, later = rest.partition("\n")
    strangers = [str(ip_address(word)) for word in named.split()]
    dropped, still = shut_out(first), shut_out(later)
    return Trial(
        strangers,
        [address for address in strangers if address in dropped],
        [address for address in strangers if still.get(address, 0) > DAYS],
    )


def members(addresses: Iterable[str], networks: Iterable[str]) -> list[str]:
    """Return the addresses that lie in one of the networks."""
    places: list[IPv4Network | IPv6Network] = [ip_network(network) for network in networks]
    found = []
    for text in addresses:
        try:
            one = ip_address(text)
        except ValueError:
            continue
        if any(one.version == place.version and one in place for place in places):
            found.append(text)
    return sorted(found)
