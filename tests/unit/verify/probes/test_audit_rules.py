from types import SimpleNamespace

import pytest

from ringfence.verify.probes import audit_rules
from ringfence.verify.probes.audit_rules import declared, extra, lacking, parsed
from roles.audit.rules import Place, Rule, of_data


class Answers:
    def __init__(self, stdout):
        self.stdout = stdout

    def run(self, command, *args):
        return SimpleNamespace(stdout=self.stdout, rc=0)

    def check_output(self, command, *args):
        return self.stdout


def test_the_two_ways_to_write_a_rule_are_one():
    old, new = parsed(
        [
            "-w /etc/ssh/ -p wa -k authentication",
            "-a always,exit -S all -F dir=/etc/ssh -F perm=aw -F key=authentication",
        ]
    )
    assert old == new
    assert old.key == "authentication"


def test_the_order_of_words_and_the_name_of_nobody_do_not_matter():
    first, second = parsed(
        [
            "-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F auid!=unset -F key=a",
            "-a exit,always -S openat -S open -F auid!=-1 -F arch=b64 -F exit=-EACCES -k a",
        ]
    )
    assert first == second


def test_a_rule_that_hides_is_another():
    never, always = parsed(["-a never,exit -F auid=1000", "-a always,exit -F auid=1000"])
    assert never != always
    assert str(never) == "never without a key (auid=1000 all)"
    (excluded,) = parsed(["-a always,exclude -F msgtype=PATH"])
    assert excluded.filter == "exclude"


def test_what_is_no_rule_is_passed_over():
    assert (
        parsed(["# a comment", "-D", "-b 8192", "--loginuid-immutable", "-e 2", "No rules"]) == []
    )


def test_places_that_are_not_there_or_are_something_else_have_no_rule():
    host = Answers("directory /etc/ssh\nregular file /etc/passwd\nlink /etc/localtime\n")
    rules = [
        Place(path, "k").rule(is_directory)
        for path in ("/etc/ssh", "/etc/passwd", "/etc/localtime", "/etc/asterisk")
        for is_directory in (True, False)
    ]
    wanted = declared(host, rules)
    places = {field for rule in wanted for field in rule.fields if "/" in field}
    assert places == {"dir=/etc/ssh", "path=/etc/passwd"}
    assert len(wanted) == 4


def test_a_declared_rule_is_found_as_auditctl_prints_it():
    (rule,) = {
        r
        for r in declared(Answers("directory /srv/a"), [of_data("/srv/a")])
        if "arch=b64" in r.fields
    }
    calls = ",".join(sorted(rule.calls))
    printed = (
        f"-a always,exit -F arch=b64 -S {calls} -F dir=/srv/a -F auid!=-1 -F key=access-record"
    )
    assert parsed([printed]) == [rule]
    assert parsed([printed.replace(",unlinkat", "")]) != [rule]


def test_rules_without_places_need_no_question():
    wanted = declared(Answers(""), [Rule("modules", ("init_module",))])
    assert [sorted(rule.fields) for rule in wanted] == [
        ["arch=b64", "key=modules"],
        ["arch=b32", "key=modules"],
    ]


@pytest.mark.parametrize(
    ("text", "lock"), [("-e 2\n-e 1\n", "1"), ("-a x,y\n-e 2\n\n", "2"), ("-D\n", "nothing")]
)
def test_the_last_word_on_the_lock_counts(text, lock):
    assert audit_rules.lock_after_a_boot(Answers(text)) == lock


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("LoadState=loaded\nUnitFileState=enabled\n", "audit-rules.service enabled"),
        ("LoadState=masked\nUnitFileState=masked\n", "audit-rules.service masked"),
    ],
)
def test_a_service_of_its_own_loads_the_rules(answer, expected):
    assert audit_rules.loaded_by(Answers(answer)) == expected


def test_more_calls_for_a_kind_of_access_are_no_other_rule():
    wanted = parsed(["-a always,exit -S open -F dir=/etc -F perm=wa -k a"])
    printed = parsed(["-a always,exit -S open,bind -F dir=/etc -F perm=wa -k a"])
    assert lacking(wanted, printed) == extra(wanted, printed) == []
    assert lacking(printed, wanted) == printed


def test_more_calls_without_one_are():
    wanted = parsed(["-a always,exit -S open -F dir=/etc -k a"])
    printed = parsed(["-a always,exit -S open,bind -F dir=/etc -k a"])
    assert lacking(wanted, printed) == wanted
    assert extra(wanted, printed) == printed


def test_a_call_is_the_same_by_its_number():
    by_number, by_name = (f"-a always,exit -S chmod,{call}" for call in ("452", "fchmodat2"))
    assert audit_rules.parsed([by_number]) == audit_rules.parsed([by_name])


def test_a_quote_without_an_end_is_a_letter():
    (rule,) = audit_rules.parsed(["-w /etc/a -p wa -k bob's"])
    assert rule.key == "bob's"
