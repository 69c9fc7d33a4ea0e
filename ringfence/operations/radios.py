"""Radios: off where they may not be; where they may, no weak network is known."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.radios import Addresses, Radio, Radios
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library
from ringfence.operations.telling import would, would_change, would_edit

STRONG = ("wpa-eap", "wpa-eap-suite-b-192", "sae")
"""Key management of WPA-Enterprise and of WPA3 with passwords, as NetworkManager names them."""


@operation()
def off(wireless: bool, bluetooth: bool, remove: bool) -> Generator[StringCommand, None, None]:
    """Ensure that radios which are not allowed (False) don't send.

    With `remove`, files with wireless networks are moved to /var/lib/ringfence/previous: all of
    them where `wireless` isn't allowed, else those with a network that is open, or shares one
    password by WPA2. A radio that carries the default route is never turned off.
    """
    allowed = {"wireless": wireless, "bluetooth": bluetooth}
    state = host.get_fact(Radios)
    sending = [radio for radio in state["radios"] if not allowed.get(radio["kind"], False)]
    weak = [
        path
        for path, management in state["networks"].items()
        if remove and (not wireless or management not in STRONG)
    ]
    would_change("turned off", *(f"{radio['kind']} {radio['name']}" for radio in sending))
    for path in weak:
        would("removal", path=path)
    lines = [*map(_line, sending), *(call("remove", path) for path in weak)]
    if lines:
        yield _script(lines)
    else:
        host.noop("radios that are not allowed are off")


@operation()
def addresses(path: str) -> Generator[StringCommand, None, None]:
    """Ensure that no line beside the file `path` has NetworkManager show a card's own address.

    Such lines are turned into comments; NetworkManager reads its files again where it runs.
    """
    absolute(path)
    state = host.get_fact(Addresses, path=path)
    wrong: dict[str, list[str]] = {}
    for file, number in state["showing"]:
        wrong.setdefault(file, []).append(str(number))
    would_edit(wrong)
    if wrong or state["behind"]:
        yield _script([*(call("silence", file, *n) for file, n in wrong.items()), "read_networks"])
    else:
        host.noop("no line shows a card's own address")


def _script(lines: list[str]) -> StringCommand:
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    return StringCommand(library("tree") + library("radios") + "\n".join([*opening, *lines]))


def _line(radio: Radio) -> str:
    return call("take_down" if radio["how"] == "up" else "block", radio["name"])
