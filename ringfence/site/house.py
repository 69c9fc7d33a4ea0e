"""The house: the folder that holds the roles, and the table that says which groups get them."""

import importlib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from ringfence.errors import UsageError
from ringfence.site.loader import Document, read_document
from ringfence.site.problems import Problem, SiteError, nearest, shown

TABLE = Path("roles/roles.yml")


@dataclass(frozen=True)
class House:
    """A folder with `roles/roles.yml`: a checkout, an installed copy, or one that a test made."""

    root: Path

    @cached_property
    def roles(self) -> dict[str, list[str]]:
        """Each role with the groups that get it, in the order of `roles/roles.yml`."""
        return _read_table(self.root)

    @property
    def baseline_dir(self) -> Path:
        """The folder of the baseline tests."""
        return self.root / "tests" / "baseline"

    @property
    def sabotage_dir(self) -> Path:
        """The folder of the sabotages."""
        return self.root / "tests" / "sabotage"

    @property
    def deploys_dir(self) -> Path:
        """The folder of the deploys that an operator runs."""
        return self.root / "deploys"

    def role_dir(self, role: str) -> Path:
        """The folder of a role's code, settings and controls."""
        return self.root / "roles" / role

    def templates_dir(self, role: str) -> Path:
        """The folder of a role's templates."""
        return self.root / "templates" / role

    def roles_for(self, groups: Iterable[str]) -> list[str]:
        """Return the roles that a host in these groups gets, in order; every host is in `all`."""
        member_of = {"all", *groups}
        return [role for role, wanted in self.roles.items() if member_of.intersection(wanted)]

    def import_role(self, role: str, module: str) -> ModuleType:
        """Import `roles.<role>.<module>` from this house, whichever house was imported before."""
        self.put_first_on_path()
        return importlib.import_module(f"roles.{role}.{module}")

    def put_first_on_path(self) -> None:
        """Make `import roles` mean this house's roles; forget those of another house."""
        root = str(self.root)
        if not sys.path or sys.path[0] != root:
            sys.path[:] = [root, *(entry for entry in sys.path if entry != root)]
        loaded = sys.modules.get("roles")
        if loaded is not None and not _lies_in(loaded, self.root / "roles"):
            for name in [n for n in sys.modules if n == "roles" or n.startswith("roles.")]:
                del sys.modules[name]
            importlib.invalidate_caches()


def find_house(start: Path) -> House:
    """Find the house of a site: the environment's RINGFENCE_HOUSE, else the nearest folder around
    the site that has roles/roles.yml, else the one that this package came with.

    Raises UsageError when there is none, or when RINGFENCE_HOUSE names a folder that is none.
    """
    if named := os.environ.get("RINGFENCE_HOUSE"):
        if (Path(named) / TABLE).is_file():
            return House(Path(named).resolve())
        raise UsageError(f"RINGFENCE_HOUSE is {named!r}, which has no {TABLE}; unset or correct it")
    here = start.resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / TABLE).is_file():
            return House(folder)
    raise UsageError(
        f"no folder around {start} has {TABLE}; set RINGFENCE_HOUSE to the one that has"
    )


def _lies_in(module: ModuleType, folder: Path) -> bool:
    paths = [Path(entry).resolve() for entry in getattr(module, "__path__", [])]
    return folder.resolve() in paths


def _read_table(root: Path) -> dict[str, list[str]]:
    document = read_document(root / TABLE)
    problems = list(document.problems)
    if not problems:
        for role, groups in document.data.items():
            problems += _check_line(document, root, role, groups)
        if not document.data:
            problems.append(document.problem((), "the table is empty: it needs a line for a role"))
    if problems:
        raise SiteError(problems)
    return dict(document.data)


def _check_line(document: Document, root: Path, role: str, groups: Any) -> list[Problem]:
    problems = []
    folders = sorted(p.parent.name for p in (root / "roles").glob("*/__init__.py"))
    if role not in folders:
        message = f"there is no folder roles/{shown(role)[1:-1]}{nearest(role, folders)}"
        problems.append(document.problem((role,), message, key=True))
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        message = f"must be a list of groups, such as [all] or [pbx, database], not {shown(groups)}"
        problems.append(document.problem((role,), message))
    return problems
