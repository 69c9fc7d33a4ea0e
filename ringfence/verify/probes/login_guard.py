"""The program that shuts out addresses which fail to log in: what it says, and what it does."""

import json
import re
import shlex
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

STRANGERS = ("192.0.2.78", "2001:db8::78")
"""Addresses for documentation (RFC 5737, RFC 3849), which are no host of anybody's."""
TRIAL = """\
for address in {addresses}; do
    for _ in $(seq {attempts}); do
        fail2ban-client set sshd attempt "$address" test >/dev/null 2>&1
    done
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 1
    found=$(nft -j list ruleset)
    for address in {addresses}; do case $found in *"\\"$address\\""*) ;; *) continue 2 ;; esac; done
    break
done
nft -j list ruleset
for address in {addresses}; do fail2ban-client unban "$address" >/dev/null 2>&1; done"""


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


def shut_out_by_trying(host: Any, attempts: int, addresses: Iterable[str]) -> list[str]:
    """Return those of some addresses that are shut out once they failed; they are let in again."""
    wanted = list(addresses)
    words = " ".join(map(shlex.quote, wanted))
    found = shut_out(host.run(TRIAL.format(addresses=words, attempts=attempts)).stdout)
    return [address for address in wanted if address in found]


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
