import subprocess

import pytest

from ringfence.operations.shell import library

TREE = """
keep() { cp "$1" "$1.kept"; }
fail() { echo "$1" >&2; exit 1; }
"""
WHOLE = """\
config_diagnostics = 1
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = mine
[mine]
{lines}
"""


def strengthened(path, *numbers):
    script = f"{TREE}{library('openssl')}\nstrengthen {path} {' '.join(map(str, numbers))}"
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "then"),
    [
        ("MinProtocol = TLSv1", "MinProtocol = TLSv1.2"),
        (" minprotocol=None", " MinProtocol = TLSv1.2"),
        ("Protocol = ALL,-SSLv3", "MinProtocol = TLSv1.2"),
        ("1.MinProtocol = TLSv1.1", "1.MinProtocol = TLSv1.2"),
        ("CipherString = ALL:@SECLEVEL=0", "CipherString = DEFAULT:@SECLEVEL=2"),
    ],
)
def test_a_line_that_weakens_says_better_and_openssl_takes_the_file(tmp_path, line, then):
    path = tmp_path / "openssl.cnf"
    path.write_text(WHOLE.format(lines=line))
    done = strengthened(path, 8)
    assert done.returncode == 0, done.stderr
    assert path.read_text() == WHOLE.format(lines=then)
    assert line in (tmp_path / "openssl.cnf.kept").read_text()


def test_a_file_that_openssl_would_not_take_is_told_and_stays(tmp_path):
    path = tmp_path / "openssl.cnf"
    path.write_text(WHOLE.format(lines="[other]\nMinProtocol = TLSv1"))
    done = strengthened(path, 9)
    assert done.returncode == 1
    assert "OpenSSL does not take" in done.stderr
    assert path.read_text() == WHOLE.format(lines="[other]\nMinProtocol = TLSv1")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["openssl.cnf", "openssl.cnf.kept"]
