"""Packages of real hosts come from approved places; a host that would have none is left alone."""

import pytest
import yaml

CONTROL = ("--limit", "agent1", "--control", "FIM-02")
ONLY = ("--limit", "agent1", "--role", "provenance", "--no-verify")
LIST = "/etc/apt/sources.list"
STRANGE = "deb [signed-by=/etc/apt/keyrings/near.gpg] http://near.example/tools stable main\n"


@pytest.fixture
def strict(hardened_once, tmp_path):
    """Makes the same hosts a site that says more of provenance."""

    def make(*repositories, **more):
        site = hardened_once.copied(tmp_path / "strict")
        policy = yaml.safe_load((site.path / "policy.yml").read_text())
        policy["provenance"]["repositories"] += repositories
        policy["provenance"] |= more
        (site.path / "policy.yml").write_text(yaml.safe_dump(policy))
        return site

    return make


@pytest.fixture
def sources(hardened_once):
    """What agent1's packages come from; it is as before once the test has ended."""
    before = hardened_once.run_on("agent1", f"cat {LIST}")
    yield before
    hardened_once.run_on("agent1", f"cat >{LIST} <<'END'\n{before}END")


def test_a_host_of_which_no_source_would_be_left_is_refused_and_stays(strict, sources):
    site = strict()
    site.run_on("agent1", f"echo '{STRANGE.strip()}' >{LIST}")
    applied = site.ringfence("apply", str(site.path), *ONLY)
    assert applied.returncode == 1
    told = "packages would come from nowhere: name http://near.example/tools in the policy"
    assert told in applied.stdout, applied.stdout
    assert "Traceback" not in applied.stdout + applied.stderr
    assert site.run_on("agent1", f"cat {LIST}") == STRANGE
    assert site.verify(*CONTROL)[1] == {("agent1", "FIM-02"): "fail"}


def test_a_source_whose_key_is_missing_is_told_and_stays(strict, sources):
    near = {"uri": "*/tools", "key": "/etc/apt/keyrings/near.gpg", "purpose": "a test"}
    site = strict(near)
    unsigned = STRANGE.replace("[signed-by=/etc/apt/keyrings/near.gpg] ", "")
    site.run_on("agent1", f"echo '{unsigned.strip()}' >{LIST}")
    applied = site.ringfence("apply", str(site.path), *ONLY)
    assert applied.returncode == 1
    assert "the key /etc/apt/keyrings/near.gpg is not on this host" in applied.stdout
    assert site.run_on("agent1", f"cat {LIST}") == unsigned


def test_a_strangers_source_becomes_a_comment_and_the_others_stay(strict, sources):
    site = strict()
    site.run_on("agent1", f"echo '{STRANGE.strip()}' >>{LIST}")
    assert site.verify(*CONTROL)[1] == {("agent1", "FIM-02"): "fail"}
    applied = site.ringfence("apply", str(site.path), *ONLY)
    assert applied.returncode == 0, applied.stdout
    comment = f"# replaced by Ringfence: {STRANGE}"
    assert site.run_on("agent1", f"grep near.example {LIST}") == comment


def test_a_site_that_demands_secure_boot_is_red_where_it_is_off(strict):
    site = strict(secure_boot=["agents"])
    assert site.verify(*CONTROL) == (1, {("agent1", "FIM-02"): "fail"})
    failed = [test["message"] for test in site.results() if test["verdict"] == "fail"]
    assert failed == ["Secure Boot: expected one of on, observed another computer's"]
