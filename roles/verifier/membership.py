"""Groups: an account that is in none but its own."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host
from pyinfra.facts.server import Users

from ringfence.facts.shell import call
from ringfence.operations.shell import named


@operation()
def no_other_groups(account: str) -> Generator[StringCommand, None, None]:
    """Ensure that an account, if it is there, has no group beside its own."""
    named(account, "the account")
    found = host.get_fact(Users).get(account)
    if found and found["groups"]:
        yield StringCommand(call("usermod", "--groups", "", "--", account))
    else:
        host.noop(f"{account} is in no other group")
