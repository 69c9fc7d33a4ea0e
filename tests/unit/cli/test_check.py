import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence import obstacles
from ringfence.cli import run
from ringfence.site import Problem
from ringfence.site.sampling import SAMPLE

CHECKOUT = Path(__file__).parents[3]
TODAY = datetime.now(UTC).date()
KINDS = ("warning", "missing")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "site")
    return tmp_path / "site"


def waive(site: Path, expires: str, control: str = "SSH-03") -> None:
    (site / "waivers.yml").write_text(
        f"waivers:\n  - control: {control}\n    hosts: [pbx1]\n    reason: an old phone\n"
        f"    owner: ana\n    approved: 2026-01-01\n    approved_by: carmen\n"
        f"    expires: {expires}\n"
    )


@pytest.mark.parametrize("name", ["example", "lab"])
def test_the_inventories_of_the_repository_are_well(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obstacles, "warnings", lambda site: site.warnings)
    monkeypatch.setattr(obstacles, "refusals", lambda _site: [])
    assert run(["check", str(CHECKOUT / "inventories" / name)]) == 0
    assert f"{name}: all well" in capsys.readouterr().out


def problem(message: str) -> Problem:
    return Problem("policy.yml", 1, 1, "", "", message)


@pytest.mark.parametrize(
    ("warned", "lacking", "verdict"),
    [
        (0, 0, "example: all well"),
        (1, 0, "example: all well, with 1 warning"),
        (3, 0, "example: all well, with 3 warnings"),
        (0, 1, "example: the files are well, but nothing can be applied yet: 1 thing is missing"),
        (2, 2, "example: the files are well, but nothing can be applied yet: 2 things are missing"),
    ],
)
def test_a_site_has_one_verdict(
    warned: int,
    lacking: int,
    verdict: str,
    site: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(obstacles, "warnings", lambda _site: [problem("look")] * warned)
    monkeypatch.setattr(obstacles, "refusals", lambda _site: [problem("is missing")] * lacking)
    assert run(["check", str(site)]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first == verdict
    assert others.count("warning   policy.yml:1:1: look") == warned
    assert others.count("missing   policy.yml:1:1: is missing") == lacking
    assert not any("well" in line for line in others)
    assert run(["check", str(site), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["can_be_applied"] is (lacking == 0)
    assert len(document["warnings"]) == warned + lacking


@pytest.mark.parametrize("form", ["absolute", "relative", "with dots"])
def test_all_files_are_named_as_the_site_was(
    form: str, site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.parent)
    dots = f"../{site.parent.name}/site"
    called = {"absolute": str(site), "relative": "site", "with dots": dots}[form]
    waive(site, "2026-02-03")  # a lint's line, beside people's and what is missing
    (site / "inventory.py").unlink()
    assert run(["check", called]) == 0
    out = capsys.readouterr().out
    told = [line.split()[1] for line in out.splitlines() if line[:10].strip() in KINDS]
    assert {Path(place.partition(":")[0]).name for place in told} == {
        "waivers.yml",
        "policy.yml",
        "inventory.py",
        "authority.pem",
    }
    assert [place for place in told if not place.startswith(f"{called}/")] == []
    assert f"ringfence people enrol {called} ana" in out
    assert f"ringfence pki init {called}\n" in out


def test_what_was_looked_at_is_named_as_the_site_was(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.parent)
    (site / "reviews").mkdir()
    (site / "reviews/2026-03.yml").write_text("acknowledgements: 3\n")
    assert run(["check", "site"]) == 4
    assert capsys.readouterr().out.startswith("site/reviews/2026-03.yml:1:19: ")


def test_secrets_that_cannot_be_opened_are_named_as_the_site_was(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.parent)
    (site / "secrets.yml.age").write_text("damaged")
    assert run(["check", "site"]) == 0
    out = capsys.readouterr().out
    assert "warning   site/secrets.yml.age:1:1: who has a second factor isn't known here: " in out
    assert str(site) not in out


def test_a_site_is_summed_up(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waive(site, str(TODAY + timedelta(days=10)))
    assert run(["check", str(site)]) == 0
    printed = capsys.readouterr().out
    for line in (
        "hosts     9",
        "  agents          agent1, agent2",
        "people    3",
        "  carmen          security_officer",
        "  pbx → recordings             22/tcp  recordings over sftp",
        "waivers   1",
        "  SSH-03          pbx1: 10 days left, ana",
    ):
        assert line in printed.splitlines()


def test_a_site_that_nothing_can_be_applied_to_is_warned_of(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "inventory.py").unlink()
    assert run(["check", str(site)]) == 0
    assert f"{site}/inventory.py:1:1: is missing, so nothing can be" in capsys.readouterr().out
    for command in ("plan", "apply"):
        assert run([command, str(site)]) == 4
        assert f"{site}/inventory.py: is missing" in capsys.readouterr().err


def test_problems_are_printed_one_a_line(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "hosts.yml").write_text("nme: x\n")
    (site / "waivers.yml").write_text("waivers: 3\n")
    assert run(["check", str(site)]) == 4
    captured = capsys.readouterr()
    assert (
        f"{site}/hosts.yml:1:1: nme: there is no key 'nme' here; did you mean 'name'?"
        in captured.out
    )
    assert f"{site}/waivers.yml:1:10: waivers: 3 must be a list" in captured.out.splitlines()
    assert captured.err == f"{site}: {len(captured.out.splitlines())} problems\n"


def test_an_expired_waiver_is_a_warning_with_its_day(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waive(site, "2026-02-03")
    assert run(["check", str(site)]) == 0
    assert (
        "the waiver of SSH-03 ended on 2026-02-03 and no longer counts" in capsys.readouterr().out
    )


def test_a_waiver_of_no_control_is_refused(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waive(site, str(TODAY + timedelta(days=10)), control="SSH-99")
    assert run(["check", str(site)]) == 4
    assert "'SSH-99' is not a control; did you mean 'SSH-" in capsys.readouterr().out


def test_the_outcome_as_json(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waive(site, str(TODAY + timedelta(days=10)))
    assert run(["check", str(site), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["site"]["groups"]["agents"] == ["agent1", "agent2"]
    assert document["site"]["waivers"][0]["days_left"] == 10
    assert document["site"]["flows"][0]["from"] == "internet"
    (site / "hosts.yml").write_text("nme: x\n")
    assert run(["check", str(site), "--json"]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert {"file", "line", "column", "key", "value", "message"} == set(document["problems"][0])


def test_schemas_are_written_on_request(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(site), "--write-schemas", str(site / ".schemas")]) == 0
    assert sorted(p.name for p in (site / ".schemas").iterdir()) == [
        "hosts.json",
        "lab.json",
        "policy.json",
        "waivers.json",
    ]
    assert run(["check", str(site), "--write-schemas", "/proc/x"]) == 4
    assert "/proc/x" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "/nowhere"]) == 4
    assert "/nowhere" in capsys.readouterr().err
