import subprocess

import pytest

from ringfence.facts.openssl import Weakened


def told(path):
    done = subprocess.run(
        ["sh", "-c", Weakened().command(path=str(path))], capture_output=True, text=True, check=True
    )
    return Weakened().process(done.stdout.splitlines())


@pytest.mark.parametrize(
    "line",
    [
        *("MinProtocol = TLSv1", "MinProtocol=None", " minprotocol = TLSv1.1 # old"),
        *("CipherString = ALL:@SECLEVEL=0", "CipherString = DEFAULT@SECLEVEL=1"),
        *("Protocol = ALL,-SSLv3", "1.Protocol = TLSv1.2, TLSv1", "MinProtocol = SSLv3"),
    ],
)
def test_lines_that_weaken_are_told(tmp_path, line):
    path = tmp_path / "openssl.cnf"
    path.write_text(f"[a]\n{line}\n")
    assert told(path) == [2]


@pytest.mark.parametrize(
    "line",
    [
        *("MinProtocol = TLSv1.2", "MinProtocol = TLSv1.3", "# MinProtocol = TLSv1"),
        *("CipherString = DEFAULT:@SECLEVEL=2", "Protocol = TLSv1.2", "oid = 1.MinProtocol"),
    ],
)
def test_lines_that_weaken_nothing_are_not(tmp_path, line):
    path = tmp_path / "openssl.cnf"
    path.write_text(f"[a]\n{line}\n")
    assert told(path) == []


def test_a_host_without_the_file_has_none(tmp_path):
    assert told(tmp_path / "nothing") == []
