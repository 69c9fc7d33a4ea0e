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
NEWER = "/usr/lib/openssh/sshd-session"
"""The program of Debian 13 that speaks with those who log in; Debian 12's sshd does it itself."""
COUNT = """
import ast, json, os, subprocess, sys, time
from fail2ban.client.csocket import CSocket
from fail2ban.server.filter import Filter

def asked(jail, name):
    failed, answer = CSocket("SOCKET").send(["get", jail, name])
    return [] if failed or not answer else answer if isinstance(answer, list) else [answer]

def running():
    return {jail: {name: asked(jail, name) for name in NAMES} for jail in JAILS}

def configured():
    words = ["fail2ban-client", "-d"]
    found = {jail: {name: [] for name in NAMES} for jail in JAILS}
    for line in subprocess.run(words, capture_output=True, text=True).stdout.splitlines():
        if not line.startswith("["):
            continue
        verb, jail, name, values = [*ast.literal_eval(line), "", "", ""][:4]
        name = str(name).removeprefix("add")
        if jail in found and name in NAMES:
            found[jail][name] += values if verb == "multi-set" else [values]
    return found

def failures(jail, lines):
    judge = Filter(None, useDns="no")
    judge.checkFindTime = False
    for text in jail["prefregex"]:
        judge.prefRegex = str(text)
    for text in jail["failregex"]:
        judge.addFailRegex(text)
    for text in jail["ignoreregex"]:
        judge.addIgnoreRegex(text)
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now))
    judged = [
        judge.processLine(("", stamp, " host " + line.replace("PROGRAM", sshd)), now)
        for line in lines
    ]
    return sum(map(len, judged))

sshd = "sshd-session" if os.path.exists("NEWER") else "sshd"
NAMES, SESSIONS = ("prefregex", "failregex", "ignoreregex"), json.load(sys.stdin)
JAILS = {jail for jail, _ in SESSIONS}
places = running(), configured()
print(json.dumps([[failures(place[jail], lines) for place in places] for jail, lines in SESSIONS]))
"""
"""Prints how many failures the filters of jails find in each of some sessions: those of the jails
that run, and those with which a start of the server would make them."""


@dataclass(frozen=True)
class Session:
    """What the journal says of somebody who came, and how often that is to count."""

    who: str
    jail: str
    lines: tuple[str, ...]
    fails: range
    """the failures that may be found in it"""


FROM = "192.0.2.9 port 40000"
CAME = f'PROGRAM[9]: Connection from {FROM} on 192.0.2.1 port 22 rdomain ""'
KEY = f"from {FROM} ssh2: ED25519 SHA256:AAAA"
NONE, ONE, SOME = range(1), range(1, 2), range(1, 3)
SESSIONS = (
    Session(
        *("a name that nobody has", "sshd"),
        (
            CAME,
            f"PROGRAM[9]: Invalid user oracle from {FROM}",
            f"PROGRAM[9]: Failed publickey for invalid user oracle {KEY}",
            f"PROGRAM[9]: Connection closed by invalid user oracle {FROM} [preauth]",
        ),
        ONE,
    ),
    Session(
        *("a name without its key", "sshd"),
        (
            CAME,
            f"PROGRAM[9]: Failed publickey for root {KEY}",
            f"PROGRAM[9]: Failed publickey for root {KEY}",
            f"PROGRAM[9]: Connection closed by authenticating user root {FROM} [preauth]",
        ),
        ONE,
    ),
    Session(
        *("a wrong password", "sshd"),
        (
            CAME,
            f"PROGRAM[9]: Failed password for root from {FROM} ssh2",
            f"PROGRAM[9]: Connection closed by authenticating user root {FROM} [preauth]",
        ),
        SOME,  # for the connection ends without a login, too
    ),
    Session(
        *("nobody who tries to log in", "sshd"),
        (CAME, f"PROGRAM[9]: Connection closed by {FROM} [preauth]"),
        NONE,
    ),
    Session(
        *("somebody who logs in", "sshd"),
        (
            CAME,
            f"PROGRAM[9]: Accepted publickey for ana {KEY}",
            f"PROGRAM[9]: Connection closed by {FROM}",
        ),
        NONE,
    ),
    Session(
        *("a wrong password at a terminal", "pam-generic"),
        (
            "login[9]: pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 "
            "tty=tty1 ruser= rhost=192.0.2.9",
        ),
        ONE,
    ),
)
"""Those who come, as both Debians' sshd tells of them (LogLevel VERBOSE), and login(1)."""
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


def failures(host: Any) -> dict[str, tuple[int, int]]:
    """Return how many failures are found in each of `SESSIONS`, by who comes in it.

    The first number is of the jails that run, the second of those that a start of the server would
    make. Of a server that doesn't answer, and of filters that can't be read, nothing is returned.
    """
    told = [(one.jail, one.lines) for one in SESSIONS]
    script = COUNT.replace("SOCKET", SOCKET).replace("NEWER", NEWER)
    counted = host.run("printf '%%s' %s | python3 -c %s", json.dumps(told), script).stdout.strip()
    found = json.loads(counted) if counted else []
    return {one.who: (now, later) for one, (now, later) in zip(SESSIONS, found, strict=False)}


def miscounted(found: dict[str, tuple[int, int]], too: str) -> list[str]:
    """Return who fails too "few" or too "many" times in what `failures` found, in words.

    What was not found out is too few.
    """
    wrong = []
    for one in SESSIONS:
        for place, times in zip(
            ("now", "after a start"), found.get(one.who, (-1, -1)), strict=True
        ):
            if times < one.fails.start if too == "few" else times >= one.fails.stop:
                wrong.append(f"{one.who}: {times} {place}")
    return wrong


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
