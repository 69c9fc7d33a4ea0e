"""The guard's gate: what may lock its makers out isn't changed where nothing would put it back."""

from collections.abc import Generator, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.api.state import StateStage
from pyinfra.context import host, state

from ringfence.facts.shell import call


@operation()
def demanded(roles: Sequence[str]) -> Generator[StringCommand, None, None]:
    """Refuse to go on: these roles are dangerous, and this run isn't guarded.

    It changes nothing, so in a plan it is nothing to do.
    """
    if state.current_stage < StateStage.Execute:
        host.noop("a plan needs no guard")
        return
    sentence = (
        f"{', '.join(roles)} may lock you out, and pyinfra alone would not put this host back: "
        "use ringfence apply, or say --data guard=off"
    )
    yield StringCommand(f"{call('echo', sentence)} >&2; exit 1")
