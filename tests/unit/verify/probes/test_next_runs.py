from types import SimpleNamespace

from ringfence.verify.probes import next_runs

ANSWER = """\
a-1.timer enabled active 1795921406286058 1795920000
a-2.timer disabled inactive 0 1795920000
a-3.timer enabled inactive 1795921406286058 1795920000
a-4.timer enabled active 0 1795920000
"""


def test_timers_that_are_on_have_the_hours_until_their_next_time():
    asked = []

    def run(command, *arguments):
        asked.append(command % arguments)
        return SimpleNamespace(stdout=ANSWER)

    found = next_runs.due(SimpleNamespace(run=run), "a-*.timer")
    assert [(one.timer, one.hours) for one in found] == [("a-1.timer", 0.39), ("a-4.timer", 999)]
    assert "a-*.timer" in asked[0]
    assert "date +%s" in asked[0]
