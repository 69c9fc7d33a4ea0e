import json
from types import SimpleNamespace

import pytest

from ringfence.verify.probes.sudo_rules import SudoRules, other_sources, who_may_use_su

DOCUMENT = {
    "Defaults": [
        {"Options": [{"use_pty": True}, {"timestamp_timeout": "9"}]},
        {"Options": [{"timestamp_timeout": "5"}]},
        {"Binding": [{"username": "ana"}], "Options": [{"use_pty": False}]},
    ],
    "User_Specs": [
        {
            "User_List": [{"usergroup": "ops"}, {"username": "bo", "negated": True}],
            "Cmnd_Specs": [
                {
                    "runasusers": [{"username": "ALL"}],
                    "Options": [{"authenticate": False}],
                    "Commands": [{"command": "ALL"}, {"command": "/bin/sh", "negated": True}],
                }
            ],
        },
        {"User_List": [{"userid": 7}], "Cmnd_Specs": [{"Commands": [{"command": "/bin/id"}]}]},
    ],
}


def host(text="", rc=0):
    answer = SimpleNamespace(stdout=text, stderr="", rc=rc)
    return SimpleNamespace(check_output=lambda *_: json.dumps(DOCUMENT), run=lambda *_: answer)


def test_every_rule_names_whom_as_whom_what_and_whether_a_password_is_asked_for():
    found = {
        (r.subject, tuple(r.runas), r.command, r.with_password) for r in SudoRules(host()).every()
    }
    assert found == {
        ("%ops", ("ALL",), "ALL", False),
        ("%ops", ("ALL",), "!/bin/sh", False),
        ("!bo", ("ALL",), "ALL", False),
        ("!bo", ("ALL",), "!/bin/sh", False),
        ("#7", ("root",), "/bin/id", True),
    }


def test_the_rules_of_groups_count():
    rules = SudoRules(host())
    assert len(rules.of("ana", frozenset({"ops"}))) == 2
    assert rules.of("bo", frozenset({"bo"})) == []


def test_the_last_line_for_everybody_counts_and_exceptions_are_kept():
    rules = SudoRules(host())
    assert rules.effective("timestamp_timeout") == "5"
    assert rules.effective("logfile") is None
    assert [(one.bound_to, one.value) for one in rules.exceptions("use_pty")] == [(("ana",), False)]


def test_a_plugin_that_names_another_file_is_another_source():
    text = "Plugin sudoers_policy sudoers.so sudoers_file=/etc/x\n"
    assert other_sources(host(text)) == ["sudoers_policy sudoers.so sudoers_file=/etc/x"]
    assert other_sources(host("# Plugin sudoers_policy sudoers.so\n")) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("auth sufficient pam_rootok.so\nauth requisite pam_wheel.so use_uid group=x\n", "group x"),
        ("auth required pam_wheel.so use_uid\n", "group root"),
        ("auth sufficient pam_wheel.so use_uid trust\n", "everybody"),
        ("auth required pam_wheel.so group=x\n", "everybody"),
        ("auth required pam_wheel.so use_uid deny group=x\n", "everybody"),
        ("@include common-auth\nauth required pam_wheel.so use_uid\n", "everybody"),
        ("", "everybody"),
    ],
)
def test_su_is_limited_only_by_a_wheel_that_comes_first(text, who):
    assert who_may_use_su(host(text)) == who
