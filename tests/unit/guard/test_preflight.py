from datetime import date
from types import SimpleNamespace

import pytest

from ringfence.guard import preflight
from ringfence.guard.coverage import Coverage
from ringfence.guard.preflight import Findings, abandoned, lag_of, reasons, this_run
from ringfence.site import Access, AccessKey
from ringfence.verify.answers import Answer

ROOM = "/|1000000|4096|100000|200000\n/etc|1000000|4096|100000|200000\n/var|1000|1048576|0|0\n"
WELL = {
    "system": "debian 12",
    "lag": 0.0,
    "disks": ROOM,
    "address": "10.0.0.1",
    "key": "SHA256:used",
    "guard": {"state": "idle"},
}
SSH = Coverage(paths=["/etc/ssh"], decides_access=True)
TODAY = date(2026, 11, 21)


def said(user="deploy", dangers=(SSH,), register=None, **findings):
    key = {"fingerprint": "SHA256:used", "expires": TODAY, "sources": ("10.0.0.0/24",)} | (
        register or {}
    )
    access = [Access(user, [AccessKey("ssh-ed25519 A", owner="ana", **key)])]
    site = SimpleNamespace(access=lambda _host: access)
    host = SimpleNamespace(ssh=SimpleNamespace(user=user))
    return list(reasons(site, host, Findings(**WELL | findings), dangers, TODAY))


def test_a_host_that_is_well_is_not_refused():
    assert said() == []


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ({"system": "ubuntu 24.04"}, "it runs ubuntu 24.04: only Debian 12 and 13"),
        ({"system": ""}, "it runs an unknown system"),
        ({"lag": -700.0}, "its clock is 12 minutes behind"),
        ({"lag": 301.0}, "its clock is 5 minutes ahead"),
        ({"disks": ROOM.replace("/|1000000", "/|100")}, "/ has 0 MiB free"),
        ({"disks": ROOM.replace("|100000|", "|7|")}, "room for 7 more files"),
        (
            {"guard": {"lock_run": "r1", "lock_owner": "ana@x", "lock_age": "5"}},
            "another run is in progress: ana@x, run r1",
        ),
        ({"key": "SHA256:other"}, "SHA256:other, is not among those that the site allows deploy"),
        ({"address": "10.9.9.9"}, "reaches it from 10.9.9.9, and deploy may come from 10.0.0.0/24"),
        ({"user": "root"}, "it is reached as root"),
        ({"key": "", "address": "10.9.9.9"}, "reaches it from 10.9.9.9"),
    ],
)
def test_a_host_is_refused_in_one_sentence(findings, sentence):
    (reason,) = said(**findings)
    assert sentence in reason


def test_a_key_that_expired_yesterday_is_refused():
    (reason,) = said(register={"expires": date(2026, 11, 20)})
    assert "expired on 2026-11-20" in reason


def test_access_matters_only_to_roles_that_decide_it():
    assert said(register={"expires": date(2026, 11, 20)}, dangers=()) == []


def test_a_lock_that_nobody_renews_holds_nobody_up():
    assert said(guard={"lock_run": "r1", "lock_owner": "ana@x", "lock_age": "500"}) == []


def test_the_lock_of_a_live_process_of_this_machine_is_not_abandoned(monkeypatch):
    run = this_run("r1")
    guard = {"lock_process": run.process, "lock_age": "1", "lock_owner": run.owner}
    assert not abandoned(guard)
    assert said(guard=guard)
    monkeypatch.setattr(preflight, "_started", lambda _pid: "")
    assert abandoned(guard)
    assert said(guard=guard) == []


@pytest.mark.parametrize("process", ["", "another/12345678 1:2", "x", "y z"])
def test_the_lock_of_another_machine_is_never_called_abandoned(process):
    assert not abandoned({"lock_process": process})


def test_a_clock_is_compared_with_the_time_that_the_answer_took():
    assert lag_of(105.0, 100.0, 110.0) == 0.0
    assert lag_of(120.0, 100.0, 110.0) == 10.0
    assert lag_of(90.0, 100.0, 110.0) == -10.0


@pytest.mark.parametrize(
    ("guard", "log", "expected"),
    [
        ("state=idle\n", "", False),
        ("state=idle\n", "yes\n", True),
        ("state=idle\nlast_run=r1\n", "", True),
    ],
)
def test_a_host_is_known_by_its_states_or_by_its_guard(guard, log, expected):
    answers = [Answer(0, text.encode(), b"") for text in ("debian 12", "0", "", "", guard, log)]
    channel = SimpleNamespace(ask_patiently=lambda *_questions: answers)
    assert preflight.ask(channel).known is expected
