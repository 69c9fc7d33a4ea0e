import subprocess

import pytest

from ringfence.facts.shell import call, library

STANDS_IN = """\
getent() {
    [ $# -gt 1 ] || printf '%s\\n' 'root:x:0:0::/root:/bin/bash' 'deploy:x:1001:1001::/:/bin/sh'
}
locked() { false; }
"""
"""A host on which root and the account that deploys have passwords."""


@pytest.mark.parametrize(
    ("lock_root", "services", "wanted"),
    [
        ("yes", ["deploy"], {"root", "deploy"}),
        ("no", ["deploy"], {"deploy"}),
        ("no", ["root"], set()),  # a sealed password stays, also where root is who deploys
        ("yes", ["root"], {"root"}),
    ],
)
def test_accounts_of_programs_keep_no_password_but_a_sealed_one_of_root_s(
    lock_root, services, wanted
) -> None:
    text = library("people") + STANDS_IN + call("system_accounts", lock_root, *services)
    ended = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)
    marker, *lines = ended.stdout.splitlines()
    assert marker == "ringfence-people"
    assert sorted(lines) == sorted(f"system {name}" for name in wanted)
