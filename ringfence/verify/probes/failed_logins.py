"""Failed logins, as fail2ban's filters find them in what the journal says of somebody who came."""

import json
from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.login_guard import SOCKET

NEWER = "/usr/lib/openssh/sshd-session"
"""The program of Debian 13 that speaks with those who log in; Debian 12's sshd does it itself."""
COUNT = """
import ast, json, os, subprocess, sys, time
from fail2ban.client.csocket import CSocket
from fail2ban.server.failregex import RegexException
from fail2ban.server.filter import Filter

ANY = "^<F-MLFID></F-MLFID><F-CONTENT>.+</F-CONTENT>$"

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

def judge_of(jail, runs):
    judge = Filter(None, useDns="no")
    judge.checkFindTime = False
    read = [str(text) for text in jail["prefregex"]][-1:]
    # A filter that runs was made with other lines to read, perhaps, than those that it was told
    # since: those need not allow for what counts. At a start they must.
    for text in [ANY] if runs else read:
        judge.prefRegex = text
    for text in jail["failregex"]:
        judge.addFailRegex(text)
    for text in jail["ignoreregex"]:
        judge.addIgnoreRegex(text)
    judge.prefRegex = "".join(read)
    return judge

def failures(jail, runs, lines):
    try:
        judge = judge_of(jail, runs)
    except RegexException:
        return None
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
places = (running(), True), (configured(), False)
print(json.dumps([
    [failures(place[jail], runs, lines) for place, runs in places] for jail, lines in SESSIONS
]))
"""
"""Prints how many failures the filters of jails find in each of some sessions: those of the jails
that run, and those with which a start of the server would make them. It is null where fail2ban
itself makes no such filter."""
PLACES = ("now", "after a start")


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


def failures(host: Any) -> dict[str, tuple[int | None, int | None]]:
    """Return how many failures are found in each of `SESSIONS`, by who comes in it.

    The first number is of the jails that run, the second of those that a start of the server would
    make; of a filter that can't be made there is none. Of a server that doesn't answer, nothing is
    returned.
    """
    told = [(one.jail, one.lines) for one in SESSIONS]
    script = COUNT.replace("SOCKET", SOCKET).replace("NEWER", NEWER)
    counted = host.run("printf '%%s' %s | python3 -c %s", json.dumps(told), script).stdout.strip()
    found = json.loads(counted) if counted else []
    return {one.who: (now, later) for one, (now, later) in zip(SESSIONS, found, strict=False)}


def miscounted(found: dict[str, tuple[int | None, int | None]], too: str) -> list[str]:
    """Return who fails too "few" or too "many" times in what `failures` found, in words.

    Who could not be counted may have failed too few times, and too many.
    """
    wrong = []
    for one in SESSIONS:
        for place, times in zip(PLACES, found.get(one.who, (None, None)), strict=True):
            if times is None:
                wrong.append(f"{one.who}: could not be counted {place}")
            elif times < one.fails.start if too == "few" else times >= one.fails.stop:
                wrong.append(f"{one.who}: {times} {place}")
    return wrong
