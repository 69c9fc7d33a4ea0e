"""The accounts of people: made when the site admits them, closed when it no longer does."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.people import People
from ringfence.facts.shell import call
from ringfence.facts.shell import library as fact_library
from ringfence.operations.shell import absolute, library, named
from ringfence.operations.telling import would_change


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account that a person must have."""

    name: str
    full_name: str
    shell: str = "/bin/bash"
    returned: int = 0
    """The day (since 1970) on which somebody who was away was admitted again."""
    groups: Sequence[str] = ()
    """The groups that the person may be in, beside their own."""
    inactive: int = 30
    """Days after a password's expiry until the account closes."""

    @property
    def words(self) -> tuple[str, ...]:
        """What the shell library is told of the person."""
        comment = self.full_name.replace(":", " ").replace(",", " ")
        numbers = (str(self.returned), str(self.inactive))
        return (self.name, comment, self.shell, *numbers, ",".join(self.groups))


@operation()
def register(
    people: list[Person], services: list[str], lock_root: bool = True, close_strangers: bool = False
) -> Generator[StringCommand, None, None]:
    """Ensure that a host has the accounts of the people admitted, and closes those of who left.

    Somebody left whose account was made or taken over here once and who isn't among `people` (any
    more): the account is closed, its keys, sessions, schedules and groups go, its files stay.
    Accounts that were never ours are left alone, unless `close_strangers`: then they are treated
    like those of who left, and entries of passwd and group that repeat a name or a number lose it.
    None is ever deleted.
    `services` are the site's accounts that no person owns; of theirs, only a password is locked.
    """
    _refuse(people, services)
    told = [list(person.words) for person in people]
    state = host.get_fact(People, people=told, services=services, lock_root=lock_root)
    doubles = state["doubles"] if close_strangers else []
    admitted = [person for person in people if person.name in state["people"]]
    keyed = [name for name in state["system"] if name in services]
    shut = [name for name in state["system"] if name not in services]
    strangers = state["strangers"] if close_strangers else []
    gone = [*state["leavers"], *(named(name, "the account") for name in strangers)]
    would_change("loses entries that repeat a name or a number", *doubles)
    would_change("made, or put right", *(f"account {person.name}" for person in admitted))
    would_change(
        "taken out",
        *(
            f"account {name} in group {word.removeprefix('group:')}"
            for name, differences in state["people"].items()
            for word in differences
            if word.startswith("group:")
        ),
    )
    would_change("closed", *(f"account {name}" for name in gone))
    would_change("its password locked", *(f"account {name}" for name in keyed))
    would_change("its password locked, without a shell", *(f"account {name}" for name in shut))
    lines = [call("single", database) for database in doubles]
    lines += [call("admit", *person.words) for person in admitted]
    lines += [call("dismiss", name) for name in state["leavers"]]
    lines += [
        call("key_alone" if name in services else "service_only", name) for name in state["system"]
    ]
    lines += [call("dismiss", name) for name in strangers]
    if lines:
        yield _script(lines)
    else:
        host.noop(f"the accounts of {len(people)} people are as declared")


def _script(lines: Sequence[str]) -> StringCommand:
    begin = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    marker = "exec 3>&1 >/dev/null"  # the fact's library prints a marker, which is no news here
    libraries = library("tree") + f"{marker}\n" + fact_library("people") + "exec >&3\n"
    return StringCommand(libraries + library("people") + "\n".join([*begin, *lines]))


def _refuse(people: Sequence[Person], services: Sequence[str]) -> None:
    for name in services:
        named(name, "the account")
    for person in people:
        named(person.name, "the account")
        absolute(person.shell)
        for group in person.groups:
            named(group, "the group")
        if person.name in services:
            raise OperationValueError(f"{person.name!r} is a person and a service account")
        if not person.full_name.isprintable():
            raise OperationValueError(f"the full name of {person.name!r} has a control character")
