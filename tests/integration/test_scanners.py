"""What another scanner says of hosts at their baseline; what it still suggests has its reason."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringfence import lab as labs

pytestmark = [pytest.mark.machine, pytest.mark.every_way]
MACHINES = ["recordings1", "pbx1"]  # Debian 13 and Debian 12, with a Lynis of their own each
REASONS = Path(__file__).parents[2] / "docs/decisions/lynis.md"
FETCH = """
set -e
rm -rf /var/lib/apt/lists/* # the lab's images know the packages of roles alone
apt-get update >/dev/null
cd "$(mktemp -d)"
apt-get download lynis >/dev/null 2>&1
base64 ./*.deb
"""
SCAN = """
set -e
base64 --decode >/root/lynis.deb <<'END'
{package}
END
dpkg --install --force-depends /root/lynis.deb >/dev/null 2>&1
lynis audit system --quick --no-colors >/dev/null 2>&1 || true # 78: it has warnings
cat /var/log/lynis-report.dat
"""
"""A host at its baseline reaches no mirror that the site doesn't declare."""
LEAST = 80


def lynis(site, packages):
    """Return by host what Lynis counts (of 100), and what it suggests or warns of.

    What it names is told as ``AUTH-9230``; ``SSH-7408 Port`` where a test has many answers.
    """

    def of(host):
        return of_one(site, host, packages[host])

    with ThreadPoolExecutor() as pool:
        return dict(zip(MACHINES, pool.map(of, MACHINES), strict=True))


def of_one(site, host, package):
    report = site.run_on(host, SCAN.format(package=package))
    version, index = (
        re.search(rf"^{key}=(\S+)$", report, re.MULTILINE)[1]
        for key in ("lynis_version", "hardening_index")
    )
    said = re.findall(
        r"^(?:suggestion|warning)\[\]=([A-Z0-9-]+)\|[^|]*\|(\S*)", report, re.MULTILINE
    )
    names = {f"{test} {what}" if test == "SSH-7408" else test for test, what in said}
    print(f"{host}: Lynis {version} counts {index}; it names {', '.join(sorted(names))}")
    return int(index), names


def test_lynis_counts_less_before_and_what_it_suggests_after_has_its_reason(lab, whole):
    labs.up(lab.path, MACHINES, say=print)
    labs.reset(lab.path, MACHINES, say=print)
    packages = {host: lab.run_on(host, FETCH) for host in MACHINES}
    before = lynis(lab, packages)
    labs.reset(lab.path, MACHINES, say=print)
    applied = lab.ringfence("apply", str(lab.path), "--limit", ",".join(MACHINES), "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    labs.reboot(lab.path, MACHINES, say=print)
    after, reasons = lynis(lab, packages), REASONS.read_text()
    named = {name for _, names in after.values() for name in names}
    assert {name for name in named if not has_reason(name, reasons)} == set()
    for host in MACHINES:
        assert before[host][0] < LEAST <= after[host][0]


def has_reason(name, reasons):
    """Whether a line of the page's tables begins with the test, and names what it is about."""
    test, _, what = name.partition(" ")
    rows = re.findall(rf"^\|[^|]*\b{re.escape(test)}\b[^|]*\|", reasons, re.MULTILINE)
    return any(what in row for row in rows)
