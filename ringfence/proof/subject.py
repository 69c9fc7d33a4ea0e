"""What a proof is of: a control's sabotages, its tests, and the probes that these use."""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.proof.explaining import control_of
from ringfence.proof.sabotages import Sabotage
from ringfence.site.house import House
from ringfence.verify import probes

PROBES = probes.__name__
PROBES_DIR = Path(probes.__path__[0])


def subject_of(house: House, roles: Iterable[str], sabotage: Sabotage) -> str:
    """Return the SHA-256 (hex) of what a proof of a control is of, whatever its comments say.

    A test, a probe or a sabotage that changed since may not be what was seen red. Other controls'
    tests in the same file don't count.

    Args:
        house: whose tests they are.
        roles: the roles that serve the control.
        sabotage: every way in which it is broken.

    Raises ToolError when a file can't be read as Python.
    """
    # When a case is tried, and what others do to it, is no part of what it shows.
    cases = {"__all__": {"disturbs"}}
    shown = sabotage.model_dump(mode="json", exclude={"watches": True, "cases": cases})
    found = hashlib.sha256(json.dumps(shown, sort_keys=True).encode())
    suites = [house.baseline_dir / f"test_{role}.py" for role in roles]
    probed = _probes_of(suites)
    for path in [*suites, *probed]:
        for line in _lines(path, sabotage.control):
            found.update(f"{line}\n".encode())
    for path in probed:
        script = path.with_suffix(".pl")  # what it has a host run
        found.update(script.read_bytes() if script.is_file() else b"")
    return found.hexdigest()


def _probes_of(paths: Iterable[Path]) -> list[Path]:
    """Return the files of the probes that files import, by whatever way, sorted."""
    found: set[Path] = set()
    waiting = list(paths)
    while waiting:
        imported = set(_imports(_parsed(waiting.pop()))) - found
        found |= imported
        waiting += imported
    return sorted(found)


def _imports(tree: ast.Module) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        for name in names:
            path = PROBES_DIR / f"{name.removeprefix(PROBES).removeprefix('.')}.py"
            if name.startswith(f"{PROBES}.") and path.is_file():
                yield path


def _lines(path: Path, control: str) -> Iterator[str]:
    """Yield the lines of a file but comments, empty ones and the tests of other controls."""
    others = {
        number
        for node in _parsed(path).body
        if isinstance(node, ast.FunctionDef) and control_of(node) not in (None, control)
        for number in range(node.decorator_list[0].lineno, (node.end_lineno or node.lineno) + 1)
    }
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        said = line.strip()
        if said and not said.startswith("#") and number not in others:
            yield line.rstrip()


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise ToolError(f"{path}: cannot be read as tests ({error})") from None
