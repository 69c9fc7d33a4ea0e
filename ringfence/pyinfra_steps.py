"""What pyinfra says while it works, as steps of its hosts."""

import re

from ringfence.pyinfra_process import OPERATIONS
from ringfence.steps import Say

STARTED = re.compile(r"Starting operation: (?P<name>.+)")
ABOUT_HOST = re.compile(r"^\s*\[(?P<host>[^\]]+)\]\s+(?P<text>.+)$")
CONNECTED, READY = 0.1, 0.3
"""The shares of a run's time after which a host is connected to, and its operations prepared."""


class Heard:
    """Follows a run of pyinfra line by line."""

    def __init__(self, hosts: list[str], dry: bool, say: Say) -> None:
        """Follow a run.

        Args:
            hosts: names of the hosts that take part.
            dry: whether it is over once operations are prepared.
            say: told the steps of each host.
        """
        self._hosts = dict.fromkeys(hosts, 0)
        self._ready = 1.0 if dry else READY
        self._say = say
        self._operations = 0
        self._name = ""

    def line(self, line: str) -> None:
        """Hear one line, without colours."""
        if announced := OPERATIONS.search(line):
            self._operations = int(announced["count"])
        elif started := STARTED.search(line):
            self._name = started["name"]
            for host in self._hosts:
                self._say(host, self._name, self._share(host))
        elif (about := ABOUT_HOST.match(line)) and about["host"] in self._hosts:
            self._about(about["host"], about["text"])

    def _about(self, host: str, text: str) -> None:
        if text.startswith("Connected"):
            self._say(host, "connected", CONNECTED * self._ready)
        elif text.startswith("Ready: "):
            self._say(host, "prepared", self._ready)
        elif self._name and text.startswith(("Success", "No changes")):
            self._hosts[host] += 1
            self._say(host, self._name, self._share(host))

    def _share(self, host: str) -> float | None:
        if not self._operations:
            return None
        done = min(1.0, self._hosts[host] / self._operations)
        return self._ready + (1.0 - self._ready) * done
