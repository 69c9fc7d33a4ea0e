from types import SimpleNamespace

import pytest

from ringfence.site.lints import audit
from roles.audit.settings import Settings


class Subject:
    """A site in which some hosts have the role."""

    def __init__(self, settings, **hosts):
        self._settings = settings
        self._hosts = [
            SimpleNamespace(name=name, classification=level, in_group=groups.__contains__)
            for name, (level, *groups) in hosts.items()
        ]

    def settings(self, role):
        return self._settings

    def hosts_with(self, role):
        return self._hosts

    def in_policy(self, path, message):
        return f"{'.'.join(path)}: {message}"


def told(judge, settings, hosts):
    """What a lint tells of hosts with these settings, and its name."""
    (lint,) = (one for one in audit.LINTS if one.judge is judge)
    return [f"{line} [{lint.name}]" for line in lint.judge(Subject(settings, **hosts))]


HOSTS = {"pbx1": ("medium", "pbx"), "rec1": ("high", "recordings")}


@pytest.mark.parametrize("action", ["single", "halt"])
def test_a_full_disk_that_ends_calls(action):
    assert told(audit.audit_ends_calls, Settings(when_full=action), HOSTS) == [
        f"audit.when_full: '{action}' ends the service of pbx1 when a disk is full: write rotate, "
        "unless the site rather has no calls than no record [audit-ends-calls]"
    ]


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        (Settings(), HOSTS),
        (Settings(when_full="suspend"), HOSTS),
        (Settings(when_full="halt"), {"rec1": HOSTS["rec1"]}),
        (None, HOSTS),
    ],
)
def test_a_full_disk_that_ends_none(settings, hosts):
    assert told(audit.audit_ends_calls, settings, hosts) == []


def test_an_audit_that_root_can_change_where_data_are_high():
    assert told(audit.audit_can_be_changed, Settings(immutable=False), HOSTS) == [
        "audit.immutable: root can turn the record of rec1 off, classified high, so LOG-03 stays "
        "red: take immutable away [audit-can-be-changed]"
    ]


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        (Settings(), HOSTS),
        (Settings(immutable=False), {"pbx1": HOSTS["pbx1"]}),
        (None, HOSTS),
    ],
)
def test_an_audit_that_is_locked_or_of_no_such_data(settings, hosts):
    assert told(audit.audit_can_be_changed, settings, hosts) == []
