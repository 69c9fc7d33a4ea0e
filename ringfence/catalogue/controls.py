"""Controls: one requirement each, read from ``roles/<role>/controls.yml``."""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ringfence.catalogue.frameworks import framework_ids
from ringfence.catalogue.proofs import Proof, load_proofs
from ringfence.errors import UsageError
from ringfence.site import Classification, Host
from ringfence.site.document import Document
from ringfence.site.house import House
from ringfence.site.problems import Problem, SiteError, nearest
from ringfence.site.section import Section, Text
from ringfence.site.validation import read_model

IDENTIFIER = r"^[A-Z]{2,4}-[0-9]{2}$"


class Severity(StrEnum):
    """How bad it is when the control fails."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Control(Section):
    """One requirement: what an auditor reads of it, and where it applies."""

    id: str = Field(pattern=IDENTIFIER)
    """The control's id; ours and stable."""
    title: Text
    """What holds when the control is met."""
    severity: Severity
    """How bad a failure is."""
    classification: Classification = Classification.BASIC
    """The lowest classification from which the control applies."""
    groups: list[str] = Field(min_length=1)
    """The groups it applies to; ``all`` means every host."""
    rationale: Text
    """Why, for an auditor."""
    remedy: Text
    """What the role does about it."""
    verifies: Literal["now", "after reboot"] = "now"
    """When its tests can first pass after an apply."""
    frameworks: dict[str, list[str]]
    """Clause ids by framework."""

    @field_validator("frameworks")
    @classmethod
    def _clauses_exist(cls, frameworks: dict[str, list[str]]) -> dict[str, list[str]]:
        known = framework_ids()
        for framework, clauses in frameworks.items():
            if framework not in known:
                raise ValueError(f"{framework!r} is no framework{nearest(framework, known)}")
            for clause in clauses:
                if clause not in known[framework]:
                    hint = nearest(clause, known[framework])
                    raise ValueError(f"{clause!r} is no clause of {framework}{hint}")
        return frameworks

    def inapplicable(self, host: Host) -> str | None:
        """Say why the control does not apply to ``host``, or None when it does."""
        if not any(host.in_group(group) for group in self.groups):
            return f"applies to {', '.join(self.groups)} alone"
        if host.classification < self.classification:
            return f"applies from classification {self.classification.value}"
        return None


class ControlsFile(Section):
    """controls.yml: the controls of one role."""

    joins: list[Annotated[str, Field(pattern=IDENTIFIER)]] = []
    """Controls that another role declares and that this role serves too: its tests and sabotages
    count for them, and a repair applies both roles."""
    controls: list[Control] = Field(min_length=1)
    """The controls that this role declares."""


@dataclass(frozen=True)
class Catalogue:
    """Every control of a house, with the roles that bring it and its last proof.

    ``roles_of`` has of each control the role that declares it, then those that join it.
    """

    controls: dict[str, Control]
    roles_of: dict[str, list[str]]
    proofs: dict[str, Proof]

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the controls' canonical JSON."""
        content = {name: control.model_dump(mode="json") for name, control in self.controls.items()}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def select(self, wanted: str | None) -> dict[str, Control]:
        """Return the controls that a comma list of ids means; None means all.

        Raises:
            UsageError: an id is unknown; the sentence names the nearest.
        """
        if wanted is None:
            return self.controls
        chosen = [part.strip().upper() for part in wanted.split(",") if part.strip()]
        for identifier in chosen:
            if identifier not in self.controls:
                hint = nearest(identifier, self.controls)
                raise UsageError(f"there is no control {identifier!r}{hint}")
        if not chosen:
            raise UsageError(f"{wanted!r} names no control")
        return {identifier: self.controls[identifier] for identifier in chosen}

    def describe(self, identifier: str) -> dict[str, Any]:
        """Return what reports say of a control, as plain data."""
        proof = self.proofs.get(identifier)
        role, *others = self.roles_of[identifier]
        return {
            **self.controls[identifier].model_dump(mode="json", exclude={"id"}),
            "role": role,
            "joined_by": others,
            "proof": proof.as_dict() if proof else None,
        }


def load_catalogue(house: House) -> Catalogue:
    """Read the controls of every role in the house's table.

    Raises:
        SiteError: a controls.yml is wrong, two roles claim one id, or a role joins a control that
            no other declares; with file and line.
    """
    controls: dict[str, Control] = {}
    roles_of: dict[str, list[str]] = {}
    problems: list[Problem] = []
    joining: list[tuple[str, list[str], Document]] = []
    for role in house.roles:
        path = house.role_dir(role) / "controls.yml"
        model, document, found = read_model(ControlsFile, path, str(path.relative_to(house.root)))
        problems += found
        for index, control in enumerate(model.controls if model else ()):
            if control.id in controls:
                message = (
                    f"role {roles_of[control.id][0]} has a control of this id already; where both "
                    f"serve it, one declares it and the other has `joins: [{control.id}]`"
                )
                problems.append(document.problem(("controls", index, "id"), message))
            controls.setdefault(control.id, control)
            roles_of.setdefault(control.id, [role])
        if model:
            joining.append((role, model.joins, document))
    for role, joins, document in joining:
        problems += _join(roles_of, role, joins, document)
    if problems:
        raise SiteError(problems)
    return Catalogue(controls, roles_of, load_proofs(house))


def _join(
    roles_of: dict[str, list[str]], role: str, joins: list[str], document: Document
) -> list[Problem]:
    """Add a role to those of the controls that it joins; return what is wrong with that."""
    problems = []
    for index, name in enumerate(joins):
        place = ("joins", index)
        if name not in roles_of:
            message = (
                f"{name!r} is declared by no role of roles/roles.yml: "
                f"add the line of the role that declares it{nearest(name, roles_of)}"
            )
            problems.append(document.problem(place, message))
        elif role in roles_of[name]:
            message = f"{name!r} is this role's already: leave it out here"
            problems.append(document.problem(place, message))
        else:
            roles_of[name].append(role)
    return problems


def is_identifier(text: str) -> bool:
    """Whether ``text`` has the form of a control's id."""
    return re.fullmatch(IDENTIFIER, text) is not None
