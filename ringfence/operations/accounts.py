"""Groups and who is in them, and the accounts of services."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.accounts import Accounts, AccountsState, Service, ServiceState
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, named, plain
from ringfence.operations.telling import would_change

PATH = "export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, kw_only=True)
class Group:
    """A system group with exactly these members, as far as their accounts exist on the host."""

    name: str
    members: Sequence[str] = ()


HOME = "/nonexistent"


@operation()
def service(
    account: str, group: str, comment: str, shell: str = "/usr/sbin/nologin"
) -> Generator[StringCommand, None, None]:
    """Ensure that a service has an account: no home, no password, no group but its own.

    The group must exist. An account that had a password or an end loses them. Where its name stands
    twice in /etc/passwd the host fails with that reason: no program of the system changes it then
    (usermod(8)).
    """
    named(account, "the account")
    named(group, "the group")
    plain(comment, "the comment")
    absolute(shell)
    found = host.get_fact(Service, account=account)
    wanted = {"--gid": group, "--home": HOME, "--shell": shell, "--comment": comment}
    if found is None:
        options = [word for option in wanted.items() for word in option]
        would_change("made", f"account {account}")
        make = call("useradd", "--system", "--no-create-home", *options, "--", account)
        yield StringCommand(f"{PATH} && {make}")
    elif changes := _changes(found, wanted):
        would_change("put right", f"account {account}")
        would_change(
            "taken out", *(f"account {account} in group {name}" for name in found["groups"])
        )
        change = call("usermod", *changes, "--", account)
        lines = [PATH, *(["pwconv"] if found["authentication"] == "missing" else []), change]
        if found["entries"] > 1:
            cause = f"{account} stands twice in /etc/passwd: leave one of the two there (vipw)"
            lines = [f"{{ {call('echo', f'ringfence: {cause}')} >&2; false; }}"]
        yield StringCommand(" && ".join(lines))
    else:
        host.noop(f"the account {account} is as declared")


def _changes(found: ServiceState, wanted: dict[str, str]) -> list[str]:
    had = {
        "--gid": found["group"],
        "--home": found["home"],
        "--shell": found["shell"],
        "--comment": found["comment"],
    }
    differing = [option for option, value in wanted.items() if had[option] != value]
    options = [word for option in differing for word in (option, wanted[option])]
    options += ["--groups", ""] if found["groups"] else []
    options += ["--password", "!"] if found["authentication"] != "locked" else []
    return options + (["--expiredate", ""] if found["expires"] else [])


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
    _tell(groups, state)
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


def _tell(groups: Sequence[Group], state: AccountsState) -> None:
    """Tell a plan which groups are made, who comes into one, and who is taken out."""
    made, come, go, bereft = [], [], [], []
    for group in groups:
        found = state["groups"].get(group.name, {"members": [], "primary": []})
        wanted = set(group.members) & set(state["accounts"])
        if group.name not in state["groups"]:
            made.append(f"group {group.name}")
        members, primary = set(found["members"]), set(found["primary"])
        come += [
            f"account {user} in group {group.name}" for user in sorted(wanted - members - primary)
        ]
        go += [f"account {user} in group {group.name}" for user in sorted(members - wanted)]
        bereft += [f"account {user}" for user in found["primary"] if user not in group.members]
    would_change("made", *made)
    would_change("put in", *come)
    would_change("taken out", *go)
    would_change("its own group becomes nogroup", *bereft)


def _members(group: str, members: Sequence[str]) -> str:
    return call("gpasswd", "--members", ",".join(members), "--", group)
