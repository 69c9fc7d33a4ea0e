import json
from types import SimpleNamespace

import pytest

from ringfence.verify.probes.host_inventory import (
    Timer,
    hours_since,
    owner_and_mode,
    read,
    timers,
)


class Host:
    def __init__(self, **answers):
        self.answers = answers

    def run(self, command, *_arguments):
        name = next((name for name in self.answers if name in command.replace("-", "_")), "")
        return SimpleNamespace(stdout=self.answers.get(name, ""), rc=0)

    def check_output(self, command, *arguments):
        return self.run(command, *arguments).stdout


@pytest.mark.parametrize(
    ("moment", "hours"),
    [("1970-01-01T01:00:00Z", 1.0), ("1970-01-01T02:00:00+01:00", 1.0), ("0", 2.0)],
)
def test_the_age_is_told_in_hours(moment, hours):
    assert hours_since(Host(date="7200"), moment) == hours


@pytest.mark.parametrize("moment", ["last night", "2026-01-01T00:00:00", ""])
def test_a_moment_without_zone_is_none(moment):
    with pytest.raises(ValueError):
        hours_since(Host(date="7200"), moment)


def test_a_missing_file_has_no_lines_and_is_missing():
    assert read(Host(), "kernel") == []
    assert owner_and_mode(Host(), "kernel") == "missing"


def test_a_timer_is_told_with_its_next_run():
    host = Host(
        list_unit_files="site-inventory.timer enabled enabled\n",
        list_timers=json.dumps([{"next": 3_600_000_000, "unit": "x"}]),
        Result="Result=success\n",
        UnitFileState="UnitFileState=enabled\nActiveState=active\nUnit=site.service\n",
        date="1800",
    )
    assert timers(host) == [Timer("site-inventory.timer", "enabled", "active", 1800.0, "success")]


def test_a_timer_that_is_never_due_has_no_next_run():
    host = Host(list_unit_files="a-inventory.timer static -\n", list_timers="[]", date="1")
    (timer,) = timers(host)
    assert timer.seconds_to_next is None


def test_a_host_without_such_a_timer_has_none():
    assert timers(Host()) == []
