"""A house of two roles, of which one joins what the other declares."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site.house import House

CONTROL = """\
  - id: {name}
    title: Logs are kept
    severity: low
    groups: [all]
    rationale: Who did what must be known.
    remedy: Keeps them.
    frameworks: {{iso_27001_2022: [A.8.15]}}
"""


@pytest.fixture
def make_house(tmp_path) -> Callable[..., House]:
    """Makes a house: of each role the controls that it declares, and those that it joins."""

    def make(**roles: tuple[list[str], list[str]]) -> House:
        for role, (declared, joined) in roles.items():
            folder = tmp_path / "roles" / role
            folder.mkdir(parents=True)
            (folder / "__init__.py").touch()
            joins = f"joins: [{', '.join(joined)}]\n" if joined else ""
            controls = "".join(CONTROL.format(name=name) for name in declared)
            (folder / "controls.yml").write_text(f"{joins}controls:\n{controls}")
        table = "".join(f"{role}: [all]\n" for role in roles)
        (Path(tmp_path) / "roles/roles.yml").write_text(table)
        return House(tmp_path)

    return make
