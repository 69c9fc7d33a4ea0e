"""A small run with all six verdicts, and the means to make others."""

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.verify.results import Results, TestResult
from ringfence.verify.runs import Provenance, Run
from ringfence.verify.verdicts import Verdict

HOSTS = {
    "bastion1": ("192.0.2.10", ["bastion"], "medium", "Ana Ruiz"),
    "pbx1": ("192.0.2.20", ["pbx", "recordings"], "high", "Telephony"),
    "pbx2": ("192.0.2.21", ["pbx"], "high", "Telephony"),
    "db1": ("192.0.2.30", ["database"], "high", "Data"),
    "agent1": ("192.0.2.101", ["agents"], "basic", "Floor"),
}
TITLES = {
    "SSH-01": ("Key-only SSH, no root, no passwords", "critical", "ssh"),
    "SSH-02": ("Strong ciphers, MACs, key exchange and host keys", "high", "ssh"),
    "SSH-03": ("Session limits, forwarding off, verbose log, banner", "medium", "ssh"),
    "CLS-01": ("The host carries its classification and owner", "medium", "identity"),
    "ATT-01": ("The room of the host is locked", "low", None),
}
FRAMEWORKS = {
    "SSH-01": {
        "pci_dss_4_0_1": ["2.2.7", "8.3.1", "8.3.2"],
        "iso_27001_2022": ["A.8.5", "A.8.2"],
        "hipaa_security_rule": ["164.312(d)"],
        "ens_rd_311_2022": ["op.acc.6", "op.exp.2"],
        "nis2_art_21": ["21.2.j"],
        "cis_debian_12_v1_1_0": ["5.1.1", "5.1.9", "5.1.10", "5.1.11"],
    },
    "SSH-02": {"pci_dss_4_0_1": ["2.2.7", "12.3.3"], "gdpr": ["32.1.a"]},
}
CIPHERS = "chacha20-poly1305@openssh.com, aes256-gcm@openssh.com, aes128-gcm@openssh.com"
DEFAULT_PROOF = {
    "control": "SSH-01",
    "date": "2026-11-20",
    "releases": ["12", "13"],
    "tests": {"test_root_may_not_log_in": ["root may log in with a key"]},
    "versions": {"ringfence": "0.1.0"},
}


def seen(subject: str, expected: str, observed: str, met: bool = True) -> dict[str, Any]:
    return {"subject": subject, "expected": expected, "observed": observed, "met": met}


def judged(
    host: str, control: str, test: str, *observations: dict[str, Any], **more: Any
) -> TestResult:
    bad = next((o for o in observations if not o["met"]), None)
    said = "{subject}: expected {expected}, observed {observed}".format(**bad) if bad else ""
    values: dict[str, Any] = {
        "verdict": Verdict.FAIL if bad else Verdict.PASS,
        "message": said,
        "observations": list(observations),
        "commands": ["sshd -T -C user=root,host=localhost,addr=127.0.0.1"],
    }
    return TestResult(host, control, test, **{**values, **more})


def healthy(host: str) -> list[TestResult]:
    return [
        judged(host, "SSH-01", "test_root_may_not_log_in", seen("PermitRootLogin", "no", "no")),
        judged(
            host,
            "SSH-01",
            "test_passwords_are_refused",
            seen("PasswordAuthentication", "no", "no"),
            seen("KbdInteractiveAuthentication", "no", "no"),
        ),
        judged(
            host,
            "SSH-02",
            "test_sshd_offers_only_modern_ciphers",
            seen("Ciphers", f"nothing but {CIPHERS}", CIPHERS),
        ),
        judged(
            host,
            "SSH-03",
            "test_a_person_gets_few_attempts",
            seen("MaxAuthTries", "at most 3", "3"),
        ),
        judged(
            host,
            "CLS-01",
            "test_the_host_names_its_owner",
            seen("owner in /etc/ringfence/host", HOSTS[host][3], HOSTS[host][3]),
        ),
    ]


def replaced(tests: list[TestResult], *news: TestResult) -> list[TestResult]:
    by_key = {(new.control, new.test): new for new in news}
    return [by_key.get((test.control, test.test), test) for test in tests]


def nowhere(host: str, verdict: Verdict, message: str, *controls: str) -> list[TestResult]:
    return [TestResult(host, control, "", verdict, message) for control in controls]


def sample_results() -> Results:
    not_pbx = "applies to pbx alone"
    tests = [
        *healthy("bastion1"),
        *nowhere("bastion1", Verdict.NOT_APPLICABLE, not_pbx, "ATT-01"),
        *replaced(
            healthy("pbx1"),
            judged(
                "pbx1",
                "SSH-01",
                "test_passwords_are_refused",
                seen("PasswordAuthentication", "no", "yes", met=False),
            ),
            judged(
                "pbx1",
                "SSH-02",
                "test_sshd_offers_only_modern_ciphers",
                seen("Ciphers", f"nothing but {CIPHERS}", f"{CIPHERS}, aes128-ctr", met=False),
                message=f"Ciphers: expected nothing but {CIPHERS}, observed {CIPHERS}, aes128-ctr"
                " (not allowed: aes128-ctr) (its waiver by Ana Ruiz ended on 2026-10-31)",
            ),
        ),
        judged("pbx1", "ATT-01", "test_the_door_is_locked", seen("door", "locked", "open", False)),
        *replaced(
            healthy("pbx2"),
            judged(
                "pbx2",
                "SSH-03",
                "test_a_person_gets_few_attempts",
                seen("MaxAuthTries", "at most 3", "6", met=False),
                verdict=Verdict.WAIVED,
                original=Verdict.FAIL,
                waiver={
                    "owner": "Ana Ruiz",
                    "reason": "The vendor's support tool retries; ticket 4711",
                    "expires": "2026-12-31",
                },
            ),
            judged(
                "pbx2",
                "CLS-01",
                "test_the_host_names_its_owner",
                verdict=Verdict.ERROR,
                message="ValueError: /etc/ringfence/host holds no owner line",
                commands=["cat /etc/ringfence/host"],
            ),
        ),
        *nowhere("pbx2", Verdict.NOT_APPLICABLE, "a virtual host has no door", "ATT-01"),
        *nowhere(
            "db1",
            Verdict.UNREACHABLE,
            "ssh: connect to host 192.0.2.30 port 22: Connection timed out",
            "SSH-01",
            "SSH-02",
            "SSH-03",
            "CLS-01",
        ),
        *nowhere("db1", Verdict.NOT_APPLICABLE, not_pbx, "ATT-01"),
        *healthy("agent1"),
        *nowhere("agent1", Verdict.NOT_APPLICABLE, not_pbx, "ATT-01"),
    ]
    reason = "ssh: connect to host 192.0.2.30 port 22: Connection timed out"
    return Results(tests, {"db1": reason}, {"pbx1": 2})


def sample_run(results: Results | None = None, **more: Any) -> Run:
    hosts = {
        name: {"address": address, "groups": groups, "classification": level, "owner": owner}
        for name, (address, groups, level, owner) in HOSTS.items()
    }
    controls = {
        identifier: {
            "title": title,
            "severity": severity,
            "rationale": "Passwords are guessed and shared; a key belongs to one person, "
            "so that every session has a name.",
            "role": role,
            "groups": ["all"] if role else ["pbx"],
            "classification": "basic",
            "verifies": "after reboot" if identifier == "CLS-01" else "now",
            "remedy": "Lock the door and keep the key.",
            "frameworks": FRAMEWORKS.get(identifier, {}),
            "proof": DEFAULT_PROOF if identifier == "SSH-01" else None,
        }
        for identifier, (title, severity, role) in TITLES.items()
    }
    provenance = Provenance(
        operator="ana",
        control_host="control1",
        command="ringfence verify sites/lab --control SSH-01,SSH-02,SSH-03,CLS-01,ATT-01",
        started_at="2026-11-21T09:12:03+00:00",
        finished_at="2026-11-21T09:12:41+00:00",
        site="lab",
        site_digest="5f" * 32,
        catalogue_digest="a3" * 32,
        git_commit="0123456789abcdef0123456789abcdef01234567-dirty",
        versions={"ringfence": "0.1.0", "pyinfra": "3.10.1", "pytest": "9.0.1", "python": "3.11.2"},
    )
    values: dict[str, Any] = {
        "id": "20261121T091203Z-4f2a91",
        "provenance": provenance,
        "hosts": hosts,
        "controls": controls,
        "results": results if results is not None else sample_results(),
    }
    return Run(**{**values, **more})


@pytest.fixture
def run() -> Run:
    """All six verdicts on five hosts."""
    return sample_run()


@pytest.fixture
def make_run() -> Callable[..., Run]:
    """The sample run with other results, or other parts."""
    return sample_run


@pytest.fixture
def green_run() -> Run:
    """Two hosts, every control passes."""
    run = sample_run()
    hosts = {name: run.hosts[name] for name in ("bastion1", "agent1")}
    controls = {name: control for name, control in run.controls.items() if control["role"]}
    tests = [test for host in hosts for test in healthy(host)]
    return sample_run(Results(tests), hosts=hosts, controls=controls)


@pytest.fixture
def hostile_run() -> Run:
    """A host that answers with markup, quotes, terminal codes, bidi controls and raw bytes."""
    evil = (
        "</dd></dl><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}"
        "\x1b[2J\x00\x07\u202etxt.exe\u2066\ufffe\udcff\ud800 [bold]x[/bold] :boom: ]]>"
    )
    observation = seen(evil, evil, evil, met=False)
    tests = [
        judged("pbx1", "SSH-01", "test_root_may_not_log_in", observation, commands=[evil]),
        judged("pbx1", "SSH-02", "test_x", verdict=Verdict.ERROR, message=evil, commands=[evil]),
        *nowhere("db1", Verdict.UNREACHABLE, evil, "SSH-01", "SSH-02"),
        *nowhere("agent1", Verdict.NOT_APPLICABLE, evil, "SSH-01", "SSH-02"),
        judged(
            "bastion1",
            "SSH-02",
            "test_x",
            observation,
            verdict=Verdict.WAIVED,
            original=Verdict.FAIL,
            waiver={"owner": evil, "reason": evil, "expires": evil},
        ),
    ]
    hosts = {
        evil: {"address": evil, "groups": [evil], "classification": evil, "owner": evil},
        **sample_run().hosts,
    }
    return sample_run(Results(tests, {"db1": evil}), hosts=hosts)
