"""``tests/sabotage/<role>.yml``: how each control is broken in the lab."""

import re
from enum import StrEnum

from pydantic import Field, field_validator

from ringfence.catalogue import Catalogue
from ringfence.site.house import House
from ringfence.site.problems import Problem, SiteError, nearest
from ringfence.site.section import Section, Text
from ringfence.site.validation import read_model


class Kind(StrEnum):
    """What a sabotage does to the protection."""

    REMOVE = "remove"
    WEAKEN = "weaken"
    ADD = "add"


class Case(Section):
    """One way to break a control, as an attacker or a hurried administrator would."""

    name: Text
    """A few words, unique within the control."""
    kind: Kind
    """Whether protection is removed, weakened, or something foreign added."""
    does: Text
    """One sentence of what happens on the host."""
    run: Text
    """A POSIX shell script, run as root on the lab host."""
    fails: list[str] = Field(min_length=1)
    """The baseline tests that must fail."""
    because: str
    """A regular expression that the failing tests' sentences must match."""
    also: list[str] = []
    """Other controls that rightly fail with it."""
    alone: bool = False
    """Whether it takes from other cases what they break, so that it is never tried beside them."""
    disturbs: bool = False
    """Whether it makes other hosts red, which ask this one for something: it is tried after all
    others, while no other host is broken or asked."""
    reboot: bool = False
    """Whether it shows, and is repaired, only once the host was rebooted: after the script and
    after the repair. A kernel that the script has loaded (kexec_file_load(2)) is what it boots."""

    @field_validator("because")
    @classmethod
    def _is_regular_expression(cls, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"is not a regular expression ({error})") from None
        return text


class Sabotage(Section):
    """Every way in which one control is broken."""

    control: str
    """The control's id."""
    watches: bool = False
    """Whether the control tells of what others did, so that each of their cases may turn it red."""
    cases: list[Case] = Field(min_length=1)
    """The ways."""


class SabotagesFile(Section):
    """The sabotages of one role's controls."""

    sabotages: list[Sabotage] = Field(min_length=1)
    """One entry a control."""


def load_sabotages(house: House, catalogue: Catalogue) -> dict[str, Sabotage]:
    """Read the sabotages of every role in the house's table, by control.

    Raises:
        SiteError: a file is wrong, names an unknown control, a control of other roles, or a control
            twice.
    """
    sabotages: dict[str, Sabotage] = {}
    problems: list[Problem] = []
    for role in house.roles:
        path = house.sabotage_dir / f"{role}.yml"
        model, document, found = read_model(SabotagesFile, path, str(path.relative_to(house.root)))
        problems += found
        entries = model.sabotages if model else []
        for index, sabotage in enumerate(entries):
            name, where = sabotage.control, ("sabotages", index, "control")
            roles = catalogue.roles_of.get(name, [])
            if not roles:
                hint = nearest(name, catalogue.controls)
                problems.append(document.problem(where, f"{name!r} is no control{hint}"))
            elif role not in roles:
                message = f"{name!r} is of role {roles[0]}, which role {role} doesn't join"
                problems.append(document.problem(where, message))
            if name in (entry.control for entry in entries[:index]):
                problems.append(document.problem(where, f"{name!r} stands in this file already"))
            earlier = sabotages[name].cases if name in sabotages else []
            watches = sabotage.watches or (name in sabotages and sabotages[name].watches)
            sabotages[name] = Sabotage(
                control=name, watches=watches, cases=[*earlier, *sabotage.cases]
            )
    if problems:
        raise SiteError(problems)
    return sabotages
