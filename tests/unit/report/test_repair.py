from dataclasses import replace

import pytest

from ringfence.report.repair import repair, repair_command, site_argument_of
from ringfence.verify.results import TestResult
from ringfence.verify.verdicts import Verdict

SITE = "inventories/lab"


def result(verdict, control="SSH-01", host="pbx1"):
    return TestResult(host, control, "test_x", verdict)


def test_a_failure_is_repaired_by_its_role(run):
    command = repair_command(run, result(Verdict.FAIL), SITE)

    assert command == "ringfence apply inventories/lab --role ssh --limit pbx1"


def test_a_failure_of_a_control_that_others_join_is_repaired_by_all_its_roles(run):
    run.controls["SSH-01"]["joined_by"] = ["logging"]
    command = repair_command(run, result(Verdict.FAIL), SITE)

    assert command == "ringfence apply inventories/lab --role ssh,logging --limit pbx1"


def test_a_control_that_holds_after_a_reboot_asks_for_one(run):
    assert repair(run, result(Verdict.FAIL, "CLS-01"), SITE).afterwards == "reboot pbx1"
    assert repair(run, result(Verdict.FAIL, "SSH-01"), SITE).afterwards == ""


def test_an_error_is_asked_again_alone(run):
    command = repair_command(run, result(Verdict.ERROR), SITE)

    assert command == "ringfence verify inventories/lab --control SSH-01 --limit pbx1"


def test_an_unreachable_host_is_tried_by_ssh(run):
    unreachable = result(Verdict.UNREACHABLE, host="db1")

    assert repair_command(run, unreachable, SITE) == "ssh -o BatchMode=yes 192.0.2.30 true"
    run.hosts["db1"]["ssh"] = "ssh -F .lab/ssh_config -l deploy db1"
    assert repair_command(run, unreachable, SITE) == "ssh -F .lab/ssh_config -l deploy db1 true"
    nowhere = result(Verdict.UNREACHABLE, host="ghost")
    assert repair_command(run, nowhere, SITE) == "ssh -o BatchMode=yes ghost true"


def test_a_control_without_a_role_says_what_to_do_by_hand(run):
    step = repair(run, result(Verdict.FAIL, "ATT-01"), SITE)

    assert not step.is_command
    assert step.text == "no role does this; on pbx1, by hand: Lock the door and keep the key."
    assert repair(run, result(Verdict.FAIL, "XX-01"), SITE).text.endswith("by hand: meet XX-01")


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.WAIVED, Verdict.NOT_APPLICABLE])
def test_what_is_not_red_needs_nothing(run, verdict):
    assert repair_command(run, result(verdict), SITE) == ""


def test_what_a_shell_would_read_otherwise_is_quoted(run):
    command = repair_command(run, result(Verdict.FAIL, host="a;b"), "my sites/lab")

    assert command == "ringfence apply 'my sites/lab' --role ssh --limit 'a;b'"


@pytest.mark.parametrize(
    ("command", "site"),
    [
        ("ringfence verify sites/lab --limit pbx1", "sites/lab"),
        ("ringfence verify --limit lab 'my sites/lab/'", "my sites/lab/"),
        ("ringfence verify my-site", "my-site"),
        ("ringfence apply sites/of-another-name --role ssh", "sites/of-another-name"),
        ("ringfence verify .", "inventories/lab"),
        ("ringfence verify --limit pbx1 lab", "inventories/lab"),
        ("ringfence verify 'unclosed", "inventories/lab"),
        ("", "inventories/lab"),
    ],
)
def test_the_site_is_given_as_it_was_typed(run, command, site):
    run = replace(run, provenance=replace(run.provenance, command=command))

    assert site_argument_of(run) == site
