from ringfence.guard.wording import describe


def test_an_armed_host_says_by_whom_and_until_when():
    told = {"state": "armed", "owner": "ana@x", "armed_at": "T", "run": "r1", "left": "42"}
    (line,) = describe("pbx1", told)
    assert line.startswith("pbx1: ARMED by ana@x")
    assert "goes back in 42 seconds" in line


def test_a_host_that_was_put_back_says_what_and_why():
    told = {
        "state": "idle",
        "last_ended": "reverted: timer",
        "last_ended_at": "T",
        "last_run": "r1",
        "reverted_path": "/etc/ssh",
    }
    assert list(describe("pbx1", told)) == [
        "pbx1: not armed",
        "  last: reverted: timer at T (run r1)",
        "  put back: /etc/ssh",
    ]


def test_what_could_not_be_put_back_is_named():
    told = {"state": "idle", "not_put_back": "/srv/a (/var/lib/ringfence/guard/not-put-back.r1/1)"}
    assert list(describe("a", told))[1:] == [
        f"  could NOT be put back (and where its copy lies): {told['not_put_back']}"
    ]


def test_a_host_under_change_and_a_silent_one():
    lock = {"lock_owner": "ana", "lock_since": "T", "lock_run": "r1", "lock_age": "3"}
    assert "being changed by ana since T" in list(describe("a", {"state": "idle"} | lock))[1]
    assert list(describe("a", {"trouble": "unreachable: x"})) == ["a: unreachable: x"]
    assert "half armed" in next(describe("a", {"state": "half-armed"}))
