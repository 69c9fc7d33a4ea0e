"""Who loads a host's packet filter at boot, from which files, and what that gives."""

import json
import re
import shlex
from typing import Any

from ringfence.verify.probes.packet_rules import listing

UNIT = "nftables.service"
FILES = re.compile(r"(?:^|\s)(?:-[a-z]*f|--file)[ =](\S+)")
ARGUMENTS = re.compile(r"argv\[\]=(.*?) ;")
MANAGERS = (
    *("ufw", "firewalld", "netfilter-persistent", "iptables", "ip6tables", "shorewall"),
    *("shorewall6", "ferm", "docker"),
)
LEGACY = "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names /proc/net/arp_tables_names"
LOADED = """\
unshare --net sh -c 'for file do nft -f "$file" || exit; done; nft -j -s list ruleset' sh {files}"""
UNSTABLE = {"handle", "index"}
FORWARDING = """\
for family in ipv4 ipv6; do
    for switch in /proc/sys/net/$family/conf/*/forwarding; do
        [ -r "$switch" ] && echo "$switch $(cat "$switch")"
    done
done"""
SYSCTL_FILES = "/usr/lib/systemd/systemd-sysctl --cat-config"
SWITCH = re.compile(
    r"^net\.(ipv4\.ip_forward|ipv4\.conf\.[^.]+\.forwarding|ipv6\.conf\.[^.]+\.forwarding)$"
)

ALIASES = {"net.ipv4.ip_forward": "net.ipv4.conf.all.forwarding"}
"""One switch by two names (ip-sysctl in the kernel's documentation)."""


def unit(host: Any) -> dict[str, str]:
    """Return what the manager says of the unit that loads the rules."""
    wanted = "LoadState,ActiveState,UnitFileState,Before,ExecStart,ExecStop"
    shown = host.check_output(f"systemctl show {UNIT} -p {wanted}")
    return dict(line.partition("=")[::2] for line in shown.splitlines())


def files(host: Any) -> list[str]:
    """Return the files that the unit loads."""
    started = ARGUMENTS.findall(unit(host).get("ExecStart", ""))
    return [path for command in started for path in FILES.findall(command)]


def running(host: Any) -> dict[str, list[str]]:
    """Return the rules that run, told chain by chain; see `_normal`."""
    return _normal(listing(host))


def loaded_at_boot(host: Any) -> dict[str, list[str]]:
    """Return the rules that the unit's files give in a network namespace of their own."""
    paths = " ".join(map(shlex.quote, files(host)))
    if not paths:
        return {}
    return _normal(json.loads(host.check_output(LOADED.format(files=paths)))["nftables"])


def other_managers(host: Any) -> list[str]:
    """Return the units of other firewalls that run, or would at boot, and iptables' old tables."""
    units = " ".join(f"{name}.service" for name in MANAGERS)
    shown = host.check_output(f"systemctl show {units} -p Id,ActiveState,UnitFileState")
    found = []
    for block in shown.split("\n\n"):
        state = dict(line.partition("=")[::2] for line in block.splitlines())
        enabled = state.get("UnitFileState", "").startswith(("enabled", "linked"))
        if enabled or state.get("ActiveState") in {"active", "activating"}:
            found.append(state["Id"])
    legacy = host.run(f"{LEGACY} 2>/dev/null").stdout.split()
    return found + [f"the table {name} of iptables-legacy" for name in legacy]


def forwarding(host: Any) -> dict[str, str]:
    """Return the kernel's switches of forwarding, by `ipv4/eth0`."""
    lines = host.check_output(FORWARDING).splitlines()
    pairs = [line.split() for line in lines]
    return {"/".join(path.split("/")[4:7:2]): value for path, value in pairs}


def forwarding_at_boot(host: Any) -> dict[str, str]:
    """Return what the files of sysctl.d set at boot; the last line about a switch wins."""
    found = {}
    for line in host.check_output(SYSCTL_FILES).splitlines():
        name, equals, value = line.strip().lstrip("-").partition("=")
        dotted = name.strip().replace("/", ".")
        if equals and not line.startswith(("#", ";")) and SWITCH.match(dotted):
            found[ALIASES.get(dotted, dotted)] = value.strip()
    return found


def _normal(objects: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return a listing as text by table or chain: no handles, no counters, no sets' elements."""
    found: dict[str, list[str]] = {}
    for item in objects:
        ((kind, body),) = item.items()
        if kind == "metainfo":
            continue
        place = f"{body['family']} {body.get('table', body.get('name'))} {body.get('chain', '')}"
        plain = {k: v for k, v in body.items() if k not in UNSTABLE}
        if kind in {"set", "map"}:
            plain.pop("elem", None)
        if kind == "rule":
            plain["expr"] = [_without_counts(expression) for expression in plain["expr"]]
        text = f"{kind} {json.dumps(plain, sort_keys=True)}"
        found.setdefault(place.strip(), []).append(text)
    return found


def _without_counts(expression: dict[str, Any]) -> dict[str, Any]:
    return {"counter": None} if "counter" in expression else expression
