"""The files of a site as plain data, read leniently: what is of the wrong kind counts as absent.

The cross-file checks stand on this rather than on the models, so that one wrong value
does not hide what is wrong elsewhere: everything is told at once.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ringfence.site.document import Document
from ringfence.site.hosts import KNOWN_GROUPS
from ringfence.site.problems import Path, Problem, nearest, shown


@dataclass(frozen=True)
class Documents:
    """The three files of a site; None for one whose YAML is wrong."""

    hosts: Document | None
    policy: Document | None
    waivers: Document | None
    known_controls: Collection[str] | None = None
    """The ids of the catalogue's controls; None where nobody knows them."""

    def in_hosts(self, key: str) -> Any:
        """Return the value of a top key of hosts.yml, or None."""
        return self.hosts.data.get(key) if self.hosts else None

    def in_policy(self, key: str) -> Any:
        """Return the value of a top key of policy.yml, or None."""
        return self.policy.data.get(key) if self.policy else None

    @cached_property
    def host_entries(self) -> dict[str, dict[str, Any]]:
        """The entries of hosts.yml by the host's name."""
        return {name: mapping(entry) for name, entry in mapping(self.in_hosts("hosts")).items()}

    @cached_property
    def groups_in_use(self) -> list[str]:
        """The groups that have hosts, in order, once each."""
        found = [
            group for entry in self.host_entries.values() for _, group in texts(entry, "groups")
        ]
        return list(dict.fromkeys(found))

    @cached_property
    def known_groups(self) -> list[str]:
        """The product's groups and those that hosts.yml adds."""
        return [*KNOWN_GROUPS, *mapping(self.in_hosts("groups"))]

    @cached_property
    def hosts_have_sound_groups(self) -> bool:
        """Whether every host names a group, and none an unknown one."""
        have = all(texts(entry, "groups") for entry in self.host_entries.values())
        return have and set(self.groups_in_use) <= set(self.known_groups)

    @cached_property
    def people(self) -> dict[str, Any]:
        """The people of policy.yml by login name."""
        return mapping(self.in_policy("people"))

    def unknown_person(self, document: Document, path: Path, name: Any) -> Iterator[Problem]:
        """Yield a problem when `name` is a text, but none of the people; they must be readable."""
        if self.policy is not None and isinstance(name, str) and name not in self.people:
            hint = nearest(name, self.people)
            yield document.problem(path, f"{shown(name)} is not one of policy.yml's people{hint}")

    def unknown_group(
        self, document: Document, path: Path, name: Any, *more: str
    ) -> Iterator[Problem]:
        """Yield a problem when `name` is a text, but neither a group in use nor one of `more`.

        A group that exists may be the one that a host's mistyped group meant: that is told there.
        """
        names = [*self.groups_in_use, *more]
        if self.hosts is None or not isinstance(name, str) or name in names:
            return
        if self.hosts_have_sound_groups or name not in self.known_groups:
            message = f"{shown(name)} is a group that no host is in{nearest(name, names)}"
            yield document.problem(path, message)


Check = Callable[[Documents], Iterator[Problem]]
"""One rule that spans values or files; it yields what breaks it."""


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """Return a list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def texts(entry: dict[str, Any], key: str) -> list[tuple[int, str]]:
    """Return the texts of a list under a key, each with its index."""
    return [(at, text) for at, text in enumerate(listing(entry.get(key))) if isinstance(text, str)]
