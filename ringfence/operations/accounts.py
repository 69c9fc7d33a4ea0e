"""Groups and who is in them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.accounts import Accounts, AccountsState
from ringfence.facts.shell import call
from ringfence.operations.shell import named

PATH = "export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, kw_only=True)
class Group:
    """A system group with exactly these members, as far as their accounts exist on the host."""

    name: str
    members: Sequence[str] = ()


@operation()
def groups(groups: list[Group]) -> Generator[StringCommand, None, None]:
    """Ensure that groups exist and have exactly the declared members; nobody else is in them.

    A declared account that isn't on the host yet is left out: the next run adds it. An account that
    isn't declared and whose own (primary) group is one of these gets `nogroup` as its own group:
    it would be admitted otherwise.
    """
    for group in groups:
        for name in (group.name, *group.members):
            named(name, "the name")
    accounts = sorted({member for group in groups for member in group.members})
    state = host.get_fact(Accounts, groups=[group.name for group in groups], accounts=accounts)
    lines = [line for group in groups for line in _lines(group, state)]
    if lines:
        yield StringCommand(" && ".join([PATH, *lines]))
    else:
        host.noop("groups and their members are as declared")


def _lines(group: Group, state: AccountsState) -> list[str]:
    found = state["groups"].get(group.name)
    wanted = sorted(set(group.members) & set(state["accounts"]))
    if found is None:
        lines = [call("groupadd", "--system", "--", group.name)]
        return lines + ([_members(group.name, wanted)] if wanted else [])
    lines = []
    if not set(wanted) - set(found["primary"]) <= set(found["members"]) <= set(wanted):
        lines.append(_members(group.name, wanted))
    intruders = [user for user in found["primary"] if user not in group.members]
    return lines + [call("usermod", "--gid", "nogroup", "--", user) for user in intruders]


def _members(group: str, members: Sequence[str]) -> str:
    return call("gpasswd", "--members", ",".join(members), "--", group)
