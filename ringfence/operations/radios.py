"""Radios: off where they may not be; where they may, no weak network is known."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.radios import Radio, Radios
from ringfence.facts.shell import call
from ringfence.operations.shell import library

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
    lines = [_line(radio) for radio in state["radios"] if not allowed.get(radio["kind"], False)]
    lines += [
        call("remove", path)
        for path, management in state["networks"].items()
        if remove and (not wireless or management not in STRONG)
    ]
    if lines:
        opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
        yield StringCommand(library("tree") + library("radios") + "\n".join([*opening, *lines]))
    else:
        host.noop("radios that are not allowed are off")


def _line(radio: Radio) -> str:
    return call("take_down" if radio["how"] == "up" else "block", radio["name"])
