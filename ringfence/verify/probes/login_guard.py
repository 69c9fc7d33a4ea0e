"""The program that shuts out addresses which fail to log in: what it says, and what it does."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

TRIAL = """\
# Others each time: who fails in three verifications of a day would be shut out for a week.
four=192.0.2.$(($(od -An -N1 -tu1 /dev/urandom) % 254 + 1))
six=2001:db8::$(printf %x $(($(od -An -N2 -tu2 /dev/urandom) % 65535 + 1)))
tries=$(seq {attempts} | tr '\\n' ' ')
guard() {{ fail2ban-client "$@" >/dev/null 2>&1; }}
shut_out() {{ nft -j list ruleset | grep -qF "\\"$1\\""; }}
guard unban "$four" "$six"
printf '%s %s\\n' "$four" "$six"
for address in "$four" "$six"; do guard set sshd attempt "$address" $tries; done
for _ in 1 2 3 4 5 6 7 8 9 10; do
    if shut_out "$four" && shut_out "$six"; then break; fi
    sleep 1
done
nft -j list ruleset
for _ in 1 2; do
    guard set sshd unbanip "$four"
    guard set sshd attempt "$four" $tries
    sleep 2
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
    fail2ban-client status recidive | grep -qwF "$four" && break
    sleep 1
done
fail2ban-client status recidive
guard unban "$four" "$six"
"""
"""Prints two strangers' addresses (RFC 5737, RFC 3849: nobody has them), the rules once they
failed, and who is shut out for longer once the first has failed three times."""
SAMPLES = {
    "sshd[mode=aggressive]": (
        "PROGRAM[9]: Failed password for root from 192.0.2.9 port 40000 ssh2",
        "PROGRAM[9]: Invalid user oracle from 192.0.2.9 port 40000",
        "PROGRAM[9]: Connection closed by authenticating user root 192.0.2.9 port 40000 [preauth]",
    ),
    "pam-generic": (
        "login[9]: pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=tty1 "
        "ruser= rhost=192.0.2.9",
    ),
}
"""What the journal says of those who fail, by the filter that must know it."""
NEWER = "/usr/lib/openssh/sshd-session"
"""The program of Debian 13 that speaks with those who log in; Debian 12's sshd does it itself."""


def answers(host: Any) -> str:
    """Return what the server answers to a ping."""
    return str(host.run("fail2ban-client ping").stdout.strip())


def jails(host: Any) -> list[str]:
    """Return the names of the jails that run."""
    text = host.run("fail2ban-client status").stdout
    listed = re.search(r"Jail list:\s*(.*)", text)
    return sorted(listed[1].replace(",", " ").split()) if listed else []


def setting(host: Any, jail: str, name: str) -> str:
    """Return what a jail that runs says of one of its settings."""
    return str(host.run("fail2ban-client get %s %s", jail, name).stdout.strip())


def ignored(host: Any, jail: str) -> list[str]:
    """Return the networks that a jail never shuts out."""
    found = []
    for word in re.split(r"[\s`|-]+", setting(host, jail, "ignoreip")):
        try:
            found.append(str(ip_network(word, strict=False)))
        except ValueError:
            continue
    return found


def shut_out(ruleset: str) -> set[str]:
    """Return the addresses in sets by which a packet filter drops what comes in."""
    objects = json.loads(ruleset)["nftables"] if ruleset.strip() else []
    rules = [json.dumps(item["rule"]["expr"]) for item in objects if "rule" in item]
    dropping = {
        name
        for text in rules
        if '"drop"' in text
        for name in re.findall(r'"right": "@(\w+)"', text)
    }
    found = set()
    for item in (item["set"] for item in objects if "set" in item):
        if item["name"] in dropping:
            for element in item.get("elem", []):
                value = element["elem"]["val"] if isinstance(element, dict) else element
                found.add(str(value))
    return found


def shut_out_now(host: Any) -> set[str]:
    """Return the addresses that the packet filter drops at this moment."""
    return shut_out(host.check_output("nft -j list ruleset"))


@dataclass(frozen=True)
class Trial:
    """What became of two strangers, IPv4 and IPv6, who failed as often as nobody may."""

    strangers: list[str]
    shut_out: list[str]
    """those whom the packet filter then dropped"""
    for_longer: list[str]
    """those who were shut out for longer after they had failed three times; the second doesn't"""


def try_strangers(host: Any, attempts: int) -> Trial:
    """Have two strangers fail, and say what became of them; they are let in again."""
    named, _, rest = host.run(TRIAL.format(attempts=attempts)).stdout.partition("\n")
    rules, _, status = rest.partition("\n")
    strangers = [str(ip_address(word)) for word in named.split()]
    dropped = shut_out(rules)
    listed = re.search(r"Banned IP list:(.*)", status)
    longer = listed[1].split() if listed else []
    return Trial(
        strangers,
        [address for address in strangers if address in dropped],
        [address for address in strangers if address in longer],
    )


def unknown_failures(host: Any) -> list[str]:
    """Return the lines of the journal, of failed logins, that a filter as configured passes over.

    Each line gets the host's name before it, as fail2ban reads them from the journal.
    """
    program = "sshd-session" if host.run("test -e %s", NEWER).rc == 0 else "sshd"
    missed = []
    for name, lines in SAMPLES.items():
        for line in lines:
            full = f"Nov 27 05:00:00 host {line.replace('PROGRAM', program)}"
            text = host.run("fail2ban-regex %s %s", full, name).stdout
            if not re.search(r"^Lines: 1 lines, 0 ignored, 1 matched", text, re.MULTILINE):
                missed.append(line)
    return missed


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
