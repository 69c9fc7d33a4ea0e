from types import SimpleNamespace

import pytest

from ringfence.verify.probes import units

LISTED = "cron.service enabled -\ngetty@.service enabled -\ndbus-org.login.service alias -\n"
SHOWN = """\
Id=cron.service
Names=cron.service
LoadState=loaded

Id=systemd-logind.service
Names=systemd-logind.service dbus-org.login.service
LoadState=loaded

Id=getty@any.service
Names=getty@any.service
LoadState=loaded
"""


class Host:
    """Answers by what a command is called; counts what it is asked."""

    def __init__(self, files, loaded="", shown="", group="/", linked=""):
        self.answers = {"list-unit-files": files, "list-units": loaded, " show ": shown}
        self.answers["wants"] = linked
        self.answers["cgroup"] = group
        self.asked = []

    def run(self, command):
        self.asked.append(command)
        name = next(name for name in self.answers if name in command)
        return SimpleNamespace(stdout=self.answers[name], rc=0)

    def check_output(self, command):
        return self.run(command).stdout


def test_properties_stand_under_each_name_and_a_template_has_those_of_an_instance():
    found = units.properties(Host(LISTED, shown=SHOWN))
    assert {name: values["Id"] for name, values in found.items()} == {
        "cron.service": "cron.service",
        "dbus-org.login.service": "systemd-logind.service",
        "getty@.service": "getty@any.service",
    }


def test_an_instance_that_is_linked_and_not_loaded_is_asked_for():
    host = Host("", shown=SHOWN, linked="getty@any.service\ngetty.target\n")
    assert units.linked(host) == ["getty@any.service"]
    assert set(units.properties(host)) == {"getty@any.service"}


def test_the_unit_that_asks_is_no_unit_of_the_host():
    loaded = "cron.service loaded active\nrun-u9.service loaded active\n"
    host = Host("", loaded, SHOWN, "/system.slice/run-u9.service/x")
    assert units.loaded(host) == {"cron.service": "active"}
    units.properties(host)
    assert "run-u9" not in host.asked[-1]


def test_the_second_line_of_a_description_is_no_unit():
    host = Host("", "cron.service loaded active running perl -e '\n    $s = listen or die\n")
    assert units.loaded(host) == {"cron.service": "active"}


def test_a_unit_of_which_nothing_is_said_is_not_passed_over():
    with pytest.raises(LookupError, match=r"says nothing of them: odd\.service"):
        units.properties(Host("odd.service enabled -\n", shown=SHOWN))


def test_a_host_without_units_is_asked_for_none():
    assert units.properties(Host("")) == {}
