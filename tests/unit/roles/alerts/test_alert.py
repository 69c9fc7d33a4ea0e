"""What is kept, sent, gathered and tried again."""

import json
import resource
import signal
import socket
import time

import pytest


def kinds(web):
    return [[alert["kind"] for alert in call[2]["alerts"]] for call in web.calls]


def test_what_happens_soon_after_a_message_waits_for_the_next(hook, web):
    hook.run("failed", "a.service")
    hook.run("failed", "b.service")
    hook.run("failed", "b.service")
    assert kinds(web) == [["failed"]]
    assert hook.waiting() == ["chat/failed.b.service"]
    hook.forget("chat", message=time.time() - 301)
    hook.run("watch")
    [gathered] = [
        call[2]["alerts"] for call in web.calls[1:] if call[2]["alerts"][0]["kind"] != "test"
    ]
    assert [(one["unit"], one["count"]) for one in gathered] == [("b.service", 2)]
    assert hook.waiting() == []


def test_failures_of_one_unit_are_one_file_and_one_line(hook, web):
    web.answers = [500] * 4
    for _ in range(3):
        hook.run("failed", "a.service")
    assert hook.waiting() == ["chat/failed.a.service"]


def test_a_channel_that_is_down_gets_everything_later(program, web):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    dead = {"name": "dead", "url": f"http://127.0.0.1:{port}/"}
    alive = {"name": "alive", "url": f"http://127.0.0.1:{web.server_port}/"}
    program.configure({"webhooks": [dead, alive]})
    code, said = program.run("failed", "a.service")
    assert code == 0
    assert "channel dead: Connection refused" in said
    assert kinds(web) == [["failed"]]
    assert program.waiting() == ["dead/failed.a.service"]
    assert program.run("check")[0] == 1


def test_alerts_of_a_channel_that_is_gone_go_to_the_others(hook, web):
    web.answers = [500]
    hook.run("failed", "a.service")
    url = f"http://127.0.0.1:{web.server_port}/new"
    hook.configure({"webhooks": [{"name": "new", "url": url}]})
    hook.run("watch")
    assert ("/new", ["failed"]) in [
        (call[0], [alert["kind"] for alert in call[2]["alerts"]]) for call in web.calls
    ]
    assert hook.waiting() == []


def test_without_a_channel_the_program_ends_well_and_the_journal_is_told(program):
    program.configure({})
    assert program.run("watch") == (0, "")
    assert program.run("failed", "a.service") == (0, "a.service failed (exit-code)\n")
    assert program.run("check") == (0, "")


def test_an_alert_that_was_kept_survives_a_kill(hook, web):
    web.answers = [500]
    hook.run("failed", "a.service")
    process = hook.start("failed", "b.service")
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hook.forget("chat", message=0)
    hook.run("watch")
    told = [alert["unit"] for call in web.calls for alert in call[2]["alerts"]]
    assert "a.service" in told
    assert not [name for name in hook.waiting() if "failed.a" in name]


def test_many_at_once_lose_none(hook, web):
    web.answers = [500]
    processes = [hook.start("failed", f"acd@{number}.service") for number in range(4)]
    for process in processes:
        process.communicate(timeout=100)
    hook.run("failed", "a.service")
    hook.forget("chat", message=0)
    hook.run("watch")
    sent = {alert["unit"] for call in web.calls[1:] for alert in call[2]["alerts"]}
    waited = {name.removeprefix("chat/failed.") for name in hook.waiting()}
    wanted = {*(f"acd@{number}.service" for number in range(4)), "a.service"}
    assert wanted <= sent | waited
    assert not waited


def test_a_full_disk_does_not_silence(hook, web):
    def nothing_can_be_written():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    code, said = hook.run("failed", "a.service", preexec_fn=nothing_can_be_written)
    assert code == 0
    assert "an alert can't be kept on disk: File too large" in said
    assert kinds(web) == [["failed"]]


def test_the_whole_way_is_tried_once_a_week_and_when_it_changes(hook, web):
    assert hook.run("check")[0] == 1
    hook.run("watch")
    assert kinds(web) == [["test"]]
    assert hook.run("check")[0] == 0
    hook.run("watch")
    assert len(web.calls) == 1
    hook.forget("chat", tested=time.time() - 8 * 86_400)
    hook.run("watch")
    assert len(web.calls) == 2
    told = json.loads((hook.root / "alerts.json").read_text())
    (hook.root / "alerts.json").write_text(json.dumps({**told, "host": "pbx2"}))
    assert hook.run("check")[0] == 1
    hook.run("watch")
    assert len(web.calls) == 3


def test_a_test_waits_for_no_silence(hook, web):
    hook.run("failed", "a.service")
    hook.run("watch")
    assert kinds(web) == [["failed"], ["test"]]


def test_services_on_which_no_control_hangs_start_nothing(hook, web):
    assert hook.run("failed", "games.service") == (0, "")
    assert hook.run("failed", "ringfence-integrity.service") == (
        0,
        "ringfence-integrity.service failed (exit-code)\n",
    )
    assert [call[2]["alerts"][0]["unit"] for call in web.calls] == ["ringfence-integrity.service"]


def test_an_alert_about_an_alert_is_none(hook, web):
    assert hook.run("failed", "ringfence-alert@a.service.service") == (0, "")
    assert web.calls == []


@pytest.mark.parametrize("name", ["../../etc/x", "a b", "", "a\nb"])
def test_a_name_that_no_unit_has_is_refused(hook, web, name):
    code, said = hook.run("failed", name)
    assert (code, said) == (1, "that is no name of a unit\n")
    assert web.calls == []


def test_somebody_elses_file_is_told_and_goes(hook, web):
    hook.run("watch")
    (hook.state / "waiting/chat/failed.x.service").write_text("{")
    hook.run("watch")
    assert web.calls[-1][2]["alerts"][0]["kind"] == "unreadable"
    assert hook.waiting() == []
