"""Every control is seen red on both Debians, for the named reason, and green after its repair."""

import json
import shutil

import pytest

from ringfence.catalogue import load_catalogue
from ringfence.catalogue.proofs import load_proofs
from ringfence.proof.sabotages import load_sabotages
from ringfence.site import find_house


@pytest.mark.parametrize("ways", ["sample", pytest.param("every", marks=pytest.mark.every_way)])
def test_every_control_of_a_container_is_proven(widened, of_machines, of_logs, of_both, ways):
    known = load_catalogue(find_house(widened.house)).controls
    elsewhere = {*of_machines, *of_logs, *(of_both if ways == "every" else ())}
    controls = ",".join(name for name in known if name not in elsewhere)
    proven = widened.ringfence(
        *("prove", str(widened.path), "--limit", "bastion1,agent1", "--together"),
        *("--control", controls, *(["--sample"] if ways == "sample" else [])),
    )
    assert proven.returncode == 0, proven.stdout + "\n".join(
        line for line in proven.stderr.splitlines() if line.startswith("NOT PROVEN")
    )


def test_the_shipped_proofs_are_of_the_shipped_sabotages(hardened):
    house = find_house(hardened.house)
    catalogue = load_catalogue(house)
    proofs = load_proofs(house)
    sabotages = load_sabotages(house, catalogue)
    assert set(proofs) == set(catalogue.controls)
    for control, sabotage in sabotages.items():
        shipped = {(test, case) for test, cases in proofs[control].tests.items() for case in cases}
        wanted = {(test, case.name) for case in sabotage.cases for test in case.fails}
        assert shipped == wanted, control


def test_nothing_is_sabotaged_on_a_host_without_the_labs_marker(hardened):
    hardened.run_on("agent1", "mv /etc/ringfence-lab /root/marker")
    try:
        refused = hardened.ringfence("prove", str(hardened.path), "--limit", "agent1")
        assert refused.returncode == 4
        assert "is no lab host" in refused.stderr
    finally:
        hardened.run_on("agent1", "mv /root/marker /etc/ringfence-lab")


def test_a_sabotage_that_its_test_misses_is_not_a_proof(hardened, tmp_path):
    house = tmp_path / "house"
    for folder in ("roles", "templates", "tests/baseline", "tests/sabotage", "deploys"):
        shutil.copytree(hardened.house / folder, house / folder)
    path = house / "tests/sabotage/identity.yml"
    path.write_text(
        "sabotages:\n  - control: CLS-01\n    cases:\n      - name: nothing at all\n"
        "        kind: remove\n        does: Changes nothing.\n        run: 'true'\n"
        "        fails: [test_that_is_not_there]\n        because: x\n"
    )
    blind = hardened.with_house(house)
    ended = blind.ringfence(
        "prove", str(hardened.path), "--limit", "agent1", "--control", "CLS-01", "--record"
    )
    assert ended.returncode == 1
    assert "test_that_is_not_there is no test of CLS-01" in ended.stderr
    recorded = json.loads((house / "roles/proofs.json").read_text())["proofs"]
    assert all(
        "nothing at all" not in cases for proof in recorded for cases in proof["tests"].values()
    )
