"""PAM: the common stacks, as pam-auth-update makes them of profiles."""

from collections.abc import Generator

from pyinfra import logger
from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.pam import CommonStacks
from ringfence.facts.shell import call
from ringfence.facts.shell import library as fact_library
from ringfence.operations.shell import library, named
from ringfence.operations.telling import would_change


@operation()
def profiles(wanted: list[str], unwanted: str) -> Generator[StringCommand, None, None]:
    """Ensure that the common stacks are what pam-auth-update makes of the profiles in force, with
    those `wanted` and without the one `unwanted`.

    The new stacks are composed aside. Nothing changes when they name a module that isn't there;
    when root can't go through them, those before come back. pam-auth-update itself would keep
    options that somebody edited, and would do nothing at all where a line was added. Here such
    files are told in one sentence, kept in /var/lib/ringfence/previous, and replaced.
    """
    for name in (*wanted, unwanted):
        named(name, "the profile")
    state = host.get_fact(CommonStacks, wanted=wanted, unwanted=unwanted)
    if not state["absent"] and not state["differing"]:
        host.noop("the common stacks of PAM are as declared")
        return
    stacks = [f"/etc/pam.d/common-{kind}" for kind in state["differing"]]
    would_change("composed anew of the profiles", *stacks)
    if state["edited"]:
        edited = ", ".join(f"/etc/pam.d/common-{kind}" for kind in state["edited"])
        logger.warning(
            f"{host.print_prefix}ringfence: edited by hand: {edited}; what was there is kept in "
            "/var/lib/ringfence/previous, and what must stay belongs in /usr/share/pam-configs"
        )
    lines = [
        f"clean() {{ {call('sweep', '/etc/pam.d', '/var/lib/pam')}; }}",
        "undo() { :; }",
        "begin",
        call("adopt", unwanted, *wanted),
    ]
    yield StringCommand(library("tree") + fact_library("pam") + library("pam") + "\n".join(lines))
