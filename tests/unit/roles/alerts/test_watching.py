"""Services that stop without failing."""

import time


def told(web):
    return [
        alert["text"]
        for call in web.calls
        for alert in call[2]["alerts"]
        if alert["kind"] != "test"
    ]


def watch(hook, quiet=False):
    hook.run("watch")
    if not quiet:
        hook.forget("chat", message=0)


def test_what_stops_is_told_once_and_that_it_runs_again(hook, web):
    hook.units(web="active")
    watch(hook)
    assert told(web) == []
    hook.units(web="inactive")
    watch(hook)
    watch(hook)
    assert told(web) == ["web.service does not run: it is inactive"]
    hook.units(web="active")
    watch(hook)
    assert told(web)[1:] == ["web.service runs again"]


def test_what_is_masked_or_gone_is_told(hook, web):
    hook.units(web="active", other="active")
    watch(hook)
    hook.units(web="masked")
    watch(hook)
    assert told(web) == [
        "other.service does not run: it is gone",
        "web.service does not run: it is masked",
    ]


def test_what_never_ran_is_nobodys_alarm_but_what_failed_is(hook, web):
    hook.units(web="inactive", bad="failed")
    watch(hook)
    assert told(web) == ["bad.service does not run: it is failed"]


def test_a_host_that_starts_is_waited_for(hook, web):
    hook.units(web="active")
    watch(hook)
    hook.units(system="starting", web="inactive")
    watch(hook)
    assert told(web) == []
    hook.units(web="active")
    watch(hook)
    assert told(web) == []


def test_what_stays_down_is_told_again_after_a_day(hook, web):
    hook.units(web="active")
    watch(hook)
    hook.units(web="inactive")
    watch(hook)
    path = hook.state / "watched.json"
    then = f"{time.time() - 90_000:.0f}"
    now = path.read_text()
    moment = now.partition('"web.service": ')[2].partition("\n")[0].strip()
    path.write_text(now.replace(moment, then))
    watch(hook)
    assert told(web)[1:] == ["web.service does not run still: it is inactive"]


def test_what_was_watched_under_another_configuration_is_forgotten(hook, web):
    hook.units(web="active")
    watch(hook)
    hook.configure({"webhooks": [{"name": "chat", "url": f"http://127.0.0.1:{web.server_port}/"}]})
    hook.units(web="inactive")
    watch(hook)
    assert told(web) == []
