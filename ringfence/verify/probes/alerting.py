"""How failures reach people: what systemd starts when a unit fails, and what channels accepted."""

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CONFIGURATION = "/etc/ringfence/alerts.json"
SECRETS = "/etc/ringfence/alerts.secrets"
STATE = "/var/lib/ringfence/alerts"
TIMERS = "ringfence-alert*.timer"
HANDLER = "ringfence-alert@"
OWN = "systemctl list-unit-files --no-legend --no-pager --plain --type=service 'ringfence-*' || :"
"""It fails where there is none."""
HOUR = 60  # minutes


@dataclass(frozen=True)
class Service:
    """A service that the host has, and what systemd starts when it fails."""

    name: str
    on_failure: list[str]


def services(host: Any, units: Iterable[str]) -> list[Service]:
    """Return those of some units that the host has, and every service of Ringfence's.

    Of a template, its instances that are loaded. The handler itself is left out.
    """
    listed = host.check_output(OWN).splitlines()
    names = [line.split()[0] for line in listed if line.strip()]
    names = [name for name in names if not name.startswith(HANDLER)]
    # A template has no properties; an instance that nobody started has them all the same.
    asked = [*(unit.replace("@.", "@*.") for unit in units), *names]
    words = " ".join(shlex.quote(name.replace("@.", "@any.")) for name in dict.fromkeys(asked))
    shown = host.check_output(f"systemctl show -p Id,LoadState,OnFailure -- {words}")
    found = {}
    for block in shown.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if values.get("LoadState") == "loaded":
            found[values["Id"]] = Service(values["Id"], values.get("OnFailure", "").split())
    return [found[name] for name in sorted(found)]


def handler(host: Any) -> dict[str, str]:
    """Return what systemd says of the service that raises alerts."""
    text = host.check_output(f"systemctl show -p LoadState,ExecStart,DropInPaths {HANDLER}any")
    return dict(line.partition("=")[::2] for line in text.splitlines())


def foreign_drop_ins(shown: dict[str, str]) -> list[str]:
    """Return the drop-ins of a unit that neither a package nor Ringfence brought."""
    paths = shown.get("DropInPaths", "").split()
    return [
        path
        for path in paths
        if path.startswith(("/etc/", "/run/", "/usr/local/"))
        and not path.rpartition("/")[2].startswith(("ringfence-", "zz-ringfence-"))
    ]


def told(host: Any) -> dict[str, Any]:
    """Return what the host is told of its channels; nothing when that can't be read."""
    return _json(host, CONFIGURATION)


def places(told: dict[str, Any]) -> list[str]:
    """Return where channels lead to, without secrets: `a@example.org by mail.example.org:587`."""
    found = []
    for channel in told.get("channels", []):
        if channel.get("kind") == "mail":
            how = f"{channel['server']}:{channel['port']} ({channel['security']})"
            found += [f"{address} by {how}" for address in channel["to"]]
        else:
            found.append(str(channel.get("url", "an unknown place")))
    return found


def remembered(host: Any) -> dict[str, dict[str, Any]]:
    """Return what the host remembers of each channel."""
    return _json(host, f"{STATE}/channels.json")


def configured(host: Any) -> int:
    """Return the second in which what channels need was changed last; 0 when it isn't there."""
    lines = host.run(f"stat -c %Y -- {CONFIGURATION} {SECRETS}").stdout.split()
    return max(map(int, lines), default=0)


def overdue(host: Any, minutes: int = HOUR) -> list[str]:
    """Return the alerts that have waited on disk for so long that no channel accepted them."""
    text = host.run(
        f"find {STATE} -type f -path '*/waiting/*' ! -name '.*' -mmin +{minutes}"
    ).stdout
    return sorted(line.removeprefix(f"{STATE}/waiting/") for line in text.splitlines())


def minutes_since_a_look(host: Any) -> float:
    """Return the minutes since services were looked at last; a million when they never were."""
    text = host.run(f"stat -c %Y -- {STATE}/watched.json").stdout.strip()
    now = float(host.check_output("date +%s"))
    return round((now - float(text)) / 60, 1) if text else 1e6


def _json(host: Any, path: str) -> dict[str, Any]:
    try:
        found = json.loads(host.run("cat -- %s", path).stdout)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
