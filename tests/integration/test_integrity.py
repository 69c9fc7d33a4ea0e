"""Who makes a host's baseline of files anew is told: its digest lies with the site."""

import pytest
import yaml

from ringfence.site.integrity import baseline_file, kept_baseline

HOST = "agent1"
CONTROL = ("--limit", HOST, "--control", "FIM-01")
ONLY = ("--limit", HOST, "--role", "integrity", "--no-verify")
MINE = "/usr/local/bin/tidy"
ANEW = f"""
set -e
echo true >{MINE} && chmod 755 {MINE}
aide --init --config /etc/ringfence/aide.conf >/dev/null
cd /var/lib/ringfence/integrity
mv -f database.new database
date +%s.%N >taken
systemctl start ringfence-integrity.service
cat latest/*
"""
"""What root can do so that the host itself finds nothing."""


@pytest.fixture
def strict(hardened_once, tmp_path):
    """The same hosts as a site in which people accept changes, as everywhere but in a lab."""
    site = hardened_once.copied(tmp_path / "strict")
    policy = yaml.safe_load((site.path / "policy.yml").read_text())
    policy["integrity"]["changes"] = "report"
    (site.path / "policy.yml").write_text(yaml.safe_dump(policy))
    yield site
    site.run_on(HOST, f"rm -f {MINE}")
    again = hardened_once.ringfence("apply", str(hardened_once.path), *ONLY)
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_baseline_made_anew_is_red_until_a_person_accepts_it(strict):
    site = str(strict.path)
    assert strict.verify(*CONTROL) == (0, {(HOST, "FIM-01"): "pass"})
    before = kept_baseline(strict.path, HOST)
    assert "found NO differences" in strict.run_on(HOST, ANEW)

    def is_red():
        assert strict.verify(*CONTROL) == (1, {(HOST, "FIM-01"): "fail"})
        failed = [test["message"] for test in strict.results() if test["verdict"] == "fail"]
        now = strict.run_on(HOST, "sha256sum </var/lib/ringfence/integrity/database").split()[0]
        told = f"expected {before.database}, observed {now}"
        assert sorted(failed) == [
            f"baseline of the comparison: {told}",
            f"digest of the host's baseline: {told}",
        ]

    is_red()
    applied = strict.ringfence("apply", site, *ONLY)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert kept_baseline(strict.path, HOST) == before
    is_red()
    with baseline_file(strict.path, HOST).open("a") as file:
        file.write("accept: CHG-42\n")
    applied = strict.ringfence("apply", site, *ONLY)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert kept_baseline(strict.path, HOST).change == "CHG-42"
    assert strict.verify(*CONTROL) == (0, {(HOST, "FIM-01"): "pass"})
