from types import SimpleNamespace

import pytest

from ringfence.verify.probes import alerting

SHOWN = """\
Id=nftables.service
LoadState=loaded
OnFailure=ringfence-alert@nftables.service.service other.service

Id=auditd.service
LoadState=not-found
OnFailure=

Id=ringfence-guard@any.service
LoadState=loaded
OnFailure=
"""


class Host:
    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def check_output(self, command, *_):
        self.asked.append(command)
        return next((text for word, text in self.answers.items() if word in command), "")

    def run(self, command, *words):
        self.asked.append(command % words if words else command)
        found = (text for word, text in self.answers.items() if word in self.asked[-1])
        return SimpleNamespace(stdout=next(found, ""))


def test_services_that_the_host_has_and_what_their_failure_starts():
    listed = "ringfence-alert@.service static\nringfence-guard@.service static\n"
    host = Host(**{"list-unit-files": listed, "systemctl show": SHOWN})
    found = alerting.services(host, ["nftables.service", "auditd.service", "acd@.service"])
    assert [(one.name, one.on_failure) for one in found] == [
        ("nftables.service", ["ringfence-alert@nftables.service.service", "other.service"]),
        ("ringfence-guard@any.service", []),
    ]
    assert "acd@*.service" in host.asked[-1]
    assert "ringfence-guard@any.service" in host.asked[-1]
    assert "ringfence-alert@" not in host.asked[-1]


def test_only_drop_ins_of_others_are_foreign():
    paths = (
        "/etc/systemd/system/service.d/ringfence-core.conf",
        "/etc/systemd/system/ringfence-.service.d/zz-ringfence-alert.conf",
        "/etc/systemd/system/ringfence-alert@.service.d/local.conf",
        "/usr/lib/systemd/system/service.d/10-timeout.conf",
    )
    assert alerting.foreign_drop_ins({"DropInPaths": " ".join(paths)}) == [paths[2]]


def test_places_of_channels_have_no_secrets():
    mail = {"kind": "mail", "server": "m.example.org", "port": 587, "security": "starttls"}
    hook = {"kind": "webhook", "url": "https://h.example.org/in", "token": "name"}
    assert alerting.places({"channels": [{**mail, "to": ["a@b.org", "c@d.org"]}, hook]}) == [
        "a@b.org by m.example.org:587 (starttls)",
        "c@d.org by m.example.org:587 (starttls)",
        "https://h.example.org/in",
    ]


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_what_cannot_be_read_is_nothing(text):
    assert alerting.told(Host(**{"alerts.json": text})) == {}
    assert alerting.remembered(Host(**{"channels.json": text})) == {}


def test_alerts_that_wait_are_named_by_channel_and_unit():
    path = "/var/lib/ringfence/alerts/waiting/soc/failed.a.service"
    assert alerting.overdue(Host(find=f"{path}\n")) == ["soc/failed.a.service"]


def test_a_look_that_never_was_is_long_ago():
    assert alerting.minutes_since_a_look(Host(**{"date +%s": "1000"})) == 1e6
    host = Host(**{"date +%s": "1000", "stat": "400"})
    assert alerting.minutes_since_a_look(host) == 10
