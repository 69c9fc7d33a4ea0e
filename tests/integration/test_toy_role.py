"""A role is added by adding files, and one line in the table."""

import shutil
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "toy_role"


@pytest.fixture
def toy_lab(hardened, tmp_path):
    house = tmp_path / "house"
    for folder in ("roles", "templates", "tests/baseline", "tests/sabotage", "deploys"):
        shutil.copytree(hardened.house / folder, house / folder)
    shutil.copytree(TOY, house, dirs_exist_ok=True)
    with (house / "roles/roles.yml").open("a") as table:
        table.write("toy: [agents]\n")
    yield hardened.with_house(house)
    hardened.run_on("agent1", "rm -f /etc/toy")


def test_a_toy_role_is_planned_verified_and_proven(toy_lab):
    site = str(toy_lab.path)
    planned = toy_lab.ringfence("plan", site, "--limit", "agent1")
    assert planned.returncode == 2, planned.stdout + planned.stderr
    assert "TOY-01: the words of the day" in planned.stdout
    code, verdicts = toy_lab.verify("--limit", "agent1")
    assert code == 1
    assert verdicts["agent1", "TOY-01"] == "fail"
    assert verdicts["agent1", "SSH-01"] == "pass"
    applied = toy_lab.ringfence("apply", site, "--limit", "agent1")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    proven = toy_lab.ringfence("prove", site, "--limit", "agent1", "--control", "TOY-01")
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert "1 of 1 controls proven; 3 of 3 sabotages seen red and repaired" in proven.stdout


def test_the_toy_role_has_settings_that_a_policy_may_set_and_misspell(toy_lab, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(toy_lab.path, site, ignore=shutil.ignore_patterns(".lab", "runs"))
    with (site / "policy.yml").open("a") as policy:
        policy.write("toy:\n  mesage: hello\n")
    checked = toy_lab.ringfence("check", str(site))
    assert checked.returncode == 4
    assert "did you mean 'message'" in checked.stderr + checked.stdout
