"""The words that all reports share, so that they say the same thing the same way."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from ringfence.verify.verdicts import WORST_FIRST, Verdict

FRAMEWORKS = {
    "pci_dss_4_0_1": "PCI DSS 4.0.1",
    "iso_27001_2022": "ISO/IEC 27001:2022",
    "gdpr": "GDPR",
    "hipaa_security_rule": "HIPAA Security Rule",
    "ens_rd_311_2022": "ENS (RD 311/2022)",
    "rd_1720_2007": "RD 1720/2007",
    "nis2_art_21": "NIS2 Article 21",
    "cis_debian_12_v1_1_0": "CIS Debian 12, v1.1.0",
    "cis_debian_13_v1_0_0": "CIS Debian 13, v1.0.0",
}
SEVERITIES = ("critical", "high", "medium", "low")
NEVER_RED = "never seen red"

MEANINGS = {
    Verdict.PASS: "Every test of the control was asked of the host and met.",
    Verdict.FAIL: "The host answered, and its answer is not the one expected.",
    Verdict.ERROR: "The test could not measure; this says nothing about the host.",
    Verdict.UNREACHABLE: "The host did not answer; nothing is known about it.",
    Verdict.WAIVED: "The test failed, and an owner accepts that until a date.",
    Verdict.NOT_APPLICABLE: "The control does not apply to the host, for the reason given.",
}


def word(verdict: Verdict) -> str:
    """Return a verdict as it is printed."""
    return verdict.value.replace("_", " ")


def sentence(test: str) -> str:
    """Return a test's name as the sentence that it is; empty when no test was run."""
    return test.removeprefix("test_").replace("_", " ").strip()


def framework_name(framework: str) -> str:
    """Return the name under which auditors know a framework of the catalogue."""
    return FRAMEWORKS.get(framework, framework.replace("_", " "))


def counted(count: int, noun: str) -> str:
    """Return ``1 host`` or ``2 hosts``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def tally(counts: Mapping[Verdict, int]) -> str:
    """Return the verdicts that occur with their numbers, worst first: ``2 fail, 7 pass``."""
    found = [f"{counts[v]} {word(v)}" for v in WORST_FIRST if counts.get(v)]
    return ", ".join(found) or "nothing judged"


def share(part: int, whole: int) -> str:
    """Return ``34 of 36 (94.4 %)``, rounded down: only all of them is 100 %."""
    if whole == 0:
        return f"{part} of {whole}"
    thousandths = part * 1000 // whole
    return f"{part} of {whole} ({thousandths // 10}.{thousandths % 10} %)"


def moment(text: str) -> str:
    """Return an ISO 8601 time as ``2026-11-21 09:12:03 UTC``; unchanged when it is none."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{parsed.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if parsed.tzinfo else text


def days_left(expires: str, started_at: str) -> str:
    """Return how long a waiver still held when the run started: ``40 days left``."""
    try:
        remaining = date.fromisoformat(expires) - datetime.fromisoformat(started_at).date()
    except ValueError:
        return ""
    return f"{counted(remaining.days, 'day')} left"


def proof_sentence(proof: Mapping[str, Any] | None) -> str:
    """Say when a control was last seen failing on a sabotaged host, and on which releases."""
    if not proof:
        return NEVER_RED
    releases = [
        f"Debian {release}" if str(release).isdigit() else str(release)
        for release in proof.get("releases", ())
    ]
    where = f" ({', '.join(releases)})" if releases else ""
    return f"last seen failing on {proof['date']}{where}"
