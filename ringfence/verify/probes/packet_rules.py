"""The packet filter that runs, as the kernel lists it: its hooks, and what each rule lets through.

Rules are read from the JSON of `nft`, whatever tables and chains they stand in, and told in words
that don't depend on how they were written: one opening for each peer and port.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LISTING = "nft -j -s list ruleset"
NOT_FOUND = 127
FAMILIES = {"inet": ("IPv4", "IPv6"), "ip": ("IPv4",), "ip6": ("IPv6",)}
ANYTHING = "everything"
IGNORED = {"counter", "comment"}


@dataclass
class Chain:
    """One chain with its rules."""

    family: str
    table: str
    name: str
    hook: str | None
    policy: str | None
    rules: list[list[dict[str, Any]]] = field(default_factory=list)
    """the expressions of each rule, in order"""


class PacketRules:
    """Everything that filters packets on a host."""

    def __init__(self, host: Any) -> None:
        """Ask `host` (testinfra's) for its rules."""
        self._read(listing(host))

    def _read(self, objects: list[dict[str, Any]]) -> None:
        self.tables: list[str] = []
        self.chains: dict[tuple[str, str, str], Chain] = {}
        for item in objects:
            ((kind, body),) = item.items()
            if kind == "table":
                self.tables.append(f"{body['family']} {body['name']}")
            elif kind == "chain":
                key = (body["family"], body["table"], body["name"])
                self.chains[key] = Chain(*key, body.get("hook"), body.get("policy"))
            elif kind == "rule":
                key = (body["family"], body["table"], body["chain"])
                self.chains[key].rules.append(body["expr"])

    def hooked(self, hook: str) -> list[Chain]:
        """Return the chains that see the packets of a hook: input, output, forward …"""
        return [chain for chain in self.chains.values() if chain.hook == hook]

    def hooks(self) -> set[str]:
        """Return the hooks at which something filters."""
        return {chain.hook for chain in self.chains.values() if chain.hook}

    def policies(self, hook: str, version: str) -> list[str]:
        """Return the policies of the chains of a hook that see `IPv4` or `IPv6` packets."""
        return [
            chain.policy or "accept"
            for chain in self.hooked(hook)
            if version in FAMILIES.get(chain.family, ())
        ]

    def openings(self, hook: str) -> set[str]:
        """Return what the rules of a hook accept, in words."""
        found: set[str] = set()
        for chain in self.hooked(hook):
            for verdict, matches in self._rules(chain, []):
                if verdict not in {"drop", "reject", "none"}:
                    found.update(_told(verdict, matches, chain.family))
        return found

    def limits_by_source(self, hook: str, version: str) -> list[tuple[set[int], float]]:
        """Return ports and rate (a second) of each rule that drops what one address sends beyond.

        Only rules of a hook count that keep the senders of `IPv4` or `IPv6` apart, in a set.
        """
        sender = {"protocol": "ip" if version == "IPv4" else "ip6", "field": "saddr"}
        found = []
        for chain in self.hooked(hook):
            for verdict, matches in self._rules(chain, []):
                meters = [m["set"] for m in matches if "set" in m]
                rates = [
                    _per_second([{**part["limit"], "inv": False}])
                    for meter in meters
                    if meter.get("elem") == {"payload": sender}
                    for part in meter.get("stmt", ())
                    if part.get("limit", {}).get("inv")
                ]
                if verdict in {"drop", "reject"} and rates and rates[0] is not None:
                    found.append((_ports_of(matches), rates[0]))
        return found

    def logs(self, hook: str) -> list[tuple[str, float | None]]:
        """Return prefix and limit (packets a second) of each rule of a hook that logs."""
        found = []
        for chain in self.hooked(hook):
            for rule in chain.rules:
                limits = [e["limit"] for e in rule if "limit" in e]
                found += [
                    (str((e["log"] or {}).get("prefix", "")), _per_second(limits))
                    for e in rule
                    if "log" in e
                ]
        return found

    def _rules(
        self, chain: Chain, before: list[dict[str, Any]], depth: int = 0
    ) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Yield verdict and matches of each rule; what a rule jumps to counts as its own."""
        for rule in chain.rules:
            matches, verdict = list(before), "none"
            for expression in rule:
                ((kind, body),) = expression.items()
                if kind in {"jump", "goto"} and depth < 8:
                    target = (chain.family, chain.table, body["target"])
                    yield from self._rules(self.chains[target], matches, depth + 1)
                elif kind in {"accept", "drop", "reject"}:
                    verdict = kind
                elif kind == "log":
                    continue
                elif kind in {"match", "limit", "set"}:
                    matches.append(expression)
                elif kind not in IGNORED:
                    verdict = kind
            yield verdict, matches


def listing(host: Any) -> list[dict[str, Any]]:
    """Return everything that `nft` lists: nothing on a host that has no nft, so filters nothing."""
    if host.run(LISTING).rc == NOT_FOUND:
        return []
    objects: list[dict[str, Any]] = json.loads(host.check_output(LISTING))["nftables"]
    return objects


def _told(verdict: str, matches: list[dict[str, Any]], family: str) -> Iterator[str]:
    """Yield the openings of one rule: one for each combination of its peers and ports."""
    parts: dict[str, list[str]] = {"source": [""], "destination": [""], "what": [""]}
    rest = []
    for match in matches:
        place, values = _understood(match)
        if place and parts[place] == [""]:
            parts[place] = values
        else:
            rest.append(_match(match))
    if verdict != "accept":
        rest.append(verdict)
    if family != "inet":
        rest.append(f"in {family}")
    for what in parts["what"]:
        for source in parts["source"]:
            for destination in parts["destination"]:
                words = [what, *sorted(rest), source, destination]
                yield " ".join(word for word in words if word) or ANYTHING


def _understood(expression: dict[str, Any]) -> tuple[str, list[str]]:
    """Return which part of an opening a match tells, and its values; no part if it is none."""
    match = expression.get("match", {})
    left, right, equal = match.get("left", {}), match.get("right"), match.get("op") == "=="
    payload = left.get("payload", {}) if isinstance(left, dict) else {}
    protocol, what = payload.get("protocol"), payload.get("field")
    if protocol in {"ip", "ip6"} and what in {"saddr", "daddr"}:
        place, word = ("source", "from") if what == "saddr" else ("destination", "to")
        values = sorted(map(_address, _values(right)))
        if equal:
            return place, [f"{word} {value}" for value in values]
        version = "IPv4" if protocol == "ip" else "IPv6"
        return place, [f"{word} anywhere in {version} but {', '.join(values)}"]
    if protocol in {"tcp", "udp"} and what == "dport" and equal:
        return "what", [f"{protocol} {_port(value)}" for value in _values(right)]
    if left == {"meta": {"key": "nfproto"}} and equal:
        return "source", [f"by {'IPv4' if right == 'ipv4' else 'IPv6'}"]
    return "", []


def _ports_of(matches: list[dict[str, Any]]) -> set[int]:
    found: set[int] = set()
    for match in (m["match"] for m in matches if "match" in m):
        left = match["left"]
        payload = left.get("payload", {}) if isinstance(left, dict) else {}
        if payload.get("field") == "dport" and match["op"] == "==":
            found |= {value for value in _values(match["right"]) if isinstance(value, int)}
    return found


def _values(right: Any) -> list[Any]:
    if isinstance(right, dict) and "set" in right:
        return list(right["set"])
    return right if isinstance(right, list) else [right]


def _address(value: Any) -> str:
    if isinstance(value, dict) and "prefix" in value:
        return f"{value['prefix']['addr']}/{value['prefix']['len']}"
    if isinstance(value, dict) and "range" in value:
        return "-".join(map(str, value["range"]))
    return str(value)


def _port(value: Any) -> str:
    return _address(value)


def _match(expression: dict[str, Any]) -> str:
    """Tell a match in short words."""
    match = expression.get("match")
    if match is None:
        ((kind, body),) = expression.items()
        if kind == "limit":
            return f"at most {body['rate']} a {body.get('per', 'second')}"
        return f"{kind} {json.dumps(body, sort_keys=True)}"
    left, right = match["left"], match["right"]
    if isinstance(left, dict) and len(left) == 1:
        ((kind, body),) = left.items()
        if kind == "payload" and "field" in body:
            left = f"{body['protocol']} {body['field']}"
        elif kind in {"ct", "meta"}:
            left = f"{kind} {body['key']}" if kind == "ct" else body["key"]
            if left in {"iif", "oif"} and right == "lo":  # whose number is always 1
                left += "name"
    values = ", ".join(sorted(map(_address, _values(right))))
    operator = "" if match["op"] in {"==", "in"} else f" {match['op']}"
    return (
        f"{left if isinstance(left, str) else json.dumps(left, sort_keys=True)}{operator} {values}"
    )


def _per_second(limits: list[dict[str, Any]]) -> float | None:
    """Return the rate of the first limit; None without one, or where it holds above the rate."""
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    for limit in limits:
        if not limit.get("inv") and "rate_unit" not in limit:
            return float(limit["rate"]) / seconds[limit.get("per", "second")]
    return None
