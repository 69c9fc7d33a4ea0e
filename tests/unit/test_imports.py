"""What a command imports before it does anything: each start pays for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ["gevent", "paramiko", "pyinfra", "pytest"]
"""For pyinfra and pytest processes of their own are started, when there is something to do."""
REPOSITORY = Path(__file__).parents[2]


def imported(code: str) -> list[str]:
    """Return which heavy packages an interpreter has imported that ran some code."""
    code += f"\nimport json, sys\nprint(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("command", ["check", "plan", "apply", "verify", "report", "rollback"])
def test_a_command_imports_neither_pyinfra_nor_pytest(command: str) -> None:
    assert imported(f"import ringfence.cli.{command}") == []


def test_a_site_is_read_without_them() -> None:
    read = "from ringfence.site import load_site; load_site(Path('inventories/example'))"
    assert imported(f"from pathlib import Path\n{read}") == []


def test_what_judges_imports_pytest_alone() -> None:
    assert imported("import ringfence.verify.groups") == ["pytest"]


def test_what_deploys_imports_pyinfra_alone() -> None:
    operations = "import ringfence.operations.files"
    assert imported(operations) == ["gevent", "paramiko", "pyinfra"]


def test_no_source_is_read_for_what_keys_mean() -> None:
    told = "import ringfence.cli.verify, linecache; assert not linecache.cache, linecache.cache"
    assert imported(told) == []
