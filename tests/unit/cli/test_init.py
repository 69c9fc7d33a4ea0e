import json
import re
import subprocess
from pathlib import Path

import pytest

from ringfence.cli import run


def test_a_sample_is_written_and_what_to_do_next_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "my-site"
    assert run(["init", str(site)]) == 0
    printed = capsys.readouterr().out
    assert f"wrote {site}/hosts.yml" in printed
    assert f"ringfence check {site}" in printed
    assert run(["check", str(site)]) == 0


def test_what_it_says_to_do_leaves_nothing_that_apply_would_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RINGFENCE_IDENTITY", raising=False)
    (tmp_path / ".ssh").mkdir()
    key = tmp_path / ".ssh" / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    assert run(["init", str(tmp_path / "site")]) == 0
    said = [line.split() for line in re.findall(r"ringfence ([^:,\n]+)", capsys.readouterr().out)]
    names = [" ".join(words[: 2 if words[0] in ("secrets", "pki") else 1]) for words in said]
    assert names == [
        *("check", "secrets add-recipient", "pki init"),
        *("doctor", "verify", "plan", "apply"),
    ]
    assert run(["apply", str(tmp_path / "site")]) == 4
    assert "the site has no authority yet" in capsys.readouterr().err
    for words in said[:3]:
        filled = [{"NAME": "ana", "~/.ssh/id_ed25519.pub": f"{key}.pub"}.get(w, w) for w in words]
        assert run(filled) == 0
    capsys.readouterr()
    assert run(["check", str(tmp_path / "site"), "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert not [one for one in warnings if "nothing can be applied" in one["message"]]


def test_a_folder_with_something_in_it_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").touch()
    assert run(["init", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"ringfence: {tmp_path} is not empty; name a new folder\n"


def test_the_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--help"]) == 0
    assert "Example: ringfence init my-site" in capsys.readouterr().out
