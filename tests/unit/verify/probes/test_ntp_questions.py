from types import SimpleNamespace

from ringfence.verify.probes import ntp_questions


def host(text):
    return SimpleNamespace(run=lambda _command: SimpleNamespace(stdout=text))


def test_an_answer_counts_unless_its_server_says_that_it_has_no_time():
    found = ntp_questions.ask(
        host("a 0 3 -0.250 0.010\nb 3 3 0.000 0.010\nc 0 16 0.0 0.0\nd 0 0 0.0 0.0\ne silent\n"),
        ["a", "b", "c", "d", "e"],
    )
    assert [name for name, answer in found.items() if answer and answer.counts] == ["a"]
    assert found["a"].offset == -0.25
    assert found["a"].delay == 0.01
    assert found["e"] is None


def test_addresses_are_quoted():
    asked = []
    strange = SimpleNamespace(run=lambda c: asked.append(c) or SimpleNamespace(stdout=""))
    assert ntp_questions.ask(strange, ["a;reboot"]) == {}
    assert asked[0].endswith("'a;reboot'")
