from ringfence.cli.outcomes import MOST_LINES, lines_of, report_deployment
from ringfence.deployment import Deployment, HostOutcome
from ringfence.effects import FileChange, ThingChange, UnitAct

SSHD = "ssh | SSH-01 sshd's configuration"
DIFF = ("@@ -1,3 +1,2 @@", "-# Debian's words", "-", "-PermitRootLogin yes", "+PermitRootLogin no")
CHANGE = FileChange(SSHD, "/etc/ssh/sshd_config", "content", DIFF)


def shown(outcome, dry=True, diff="short"):
    return [line.plain for line in lines_of("pbx1", outcome, dry, diff)]


def test_a_plan_names_operations_their_files_and_what_restarts():
    planned = HostOutcome(
        changed=[SSHD],
        files=[CHANGE],
        units=[UnitAct("reload", "ssh.service", ("/etc/ssh/sshd_config",))],
        reboot="kernel 6.1.0-20 is installed, 6.1.0-18 runs",
    )
    assert shown(planned) == [
        "pbx1: ok, 1 would change",
        f"  would change: {SSHD}",
        "    /etc/ssh/sshd_config: content",
        "      @@ -1,3 +1,2 @@",
        "      -PermitRootLogin yes",
        "      +PermitRootLogin no",
        "      … 2 more lines: --diff whole",
        "  would reload: ssh.service (for /etc/ssh/sshd_config)",
        "  due for a reboot: kernel 6.1.0-20 is installed, 6.1.0-18 runs",
    ]
    assert "      -# Debian's words" in shown(planned, diff="whole")
    assert shown(planned, diff="none")[2:4] == [
        "    /etc/ssh/sshd_config: content",
        "  would reload: ssh.service (for /etc/ssh/sshd_config)",
    ]


def test_a_plan_names_packages_settings_and_accounts_under_their_operation():
    going = "system | SYS-01 Nobody needs them"
    named = ThingChange(going, "package telnet", "removed, unless others need it")
    assert shown(HostOutcome(changed=[SSHD, going], things=[named])) == [
        "pbx1: ok, 2 would change",
        f"  would change: {SSHD}",
        f"  would change: {going}",
        "    package telnet: removed, unless others need it",
    ]


def test_what_is_not_shown_says_why_and_a_long_diff_is_cut():
    hidden = FileChange("", "/etc/shadowy", "content", hidden="not everybody may read it")
    long = FileChange(SSHD, "/etc/long", "content", ("@@", *["+x"] * 100))
    lines = shown(HostOutcome(changed=[SSHD], files=[long, hidden]))
    assert lines[-1] == "    /etc/shadowy: content; not shown: not everybody may read it"
    assert lines[-2] == f"      … {101 - MOST_LINES} more lines: --diff whole"


def test_an_apply_tells_what_it_did_to_units():
    verbs = ["restart", "reload", "start", "stop", "run"]
    done = HostOutcome(changed=[SSHD], units=[UnitAct(verb, "a.service") for verb in verbs])
    assert shown(done, dry=False)[2:] == [
        "  restarted: a.service",
        "  reloaded: a.service",
        "  started: a.service",
        "  stopped: a.service",
        "  ran: a.service",
    ]


def test_without_a_terminal_nothing_is_coloured_and_no_line_is_broken(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    report_deployment(Deployment(True, {"pbx1": HostOutcome(changed=[SSHD], files=[CHANGE])}))
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert f"  would change: {SSHD}\n" in said
