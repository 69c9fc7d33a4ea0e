"""Who falls silent: the rendered program, with files of any age, and a list of what it told."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.rendering import render
from ringfence.site import Classification, find_house
from roles.log_collector import archive
from roles.log_collector.settings import Settings

TEMPLATES = find_house(Path(archive.__file__)).templates_dir("log_collector")
DAY, MINUTE = 86_400, 60


class Collector:
    """An archive, the program, and an `alert` that writes down what it is told."""

    def __init__(self, root):
        self.root = root
        (root / "logs").mkdir()
        self.script = root / "log-silence"
        self.script.write_text(render(TEMPLATES, "log-silence", silence=root / "silence.json"))
        self.heard_by = root / "told"
        alert = root / "alert"
        alert.write_text(f'#!/bin/sh\necho "$2 $(cat)" >>{self.heard_by}\n')
        alert.chmod(0o755)
        self.configure(pbx1=15)

    def configure(self, **minutes):
        content = {
            "alert": str(self.root / "alert"),
            "archive": str(self.root / "logs"),
            "minutes": minutes,
            "state": str(self.root / "state.json"),
        }
        (self.root / "silence.json").write_text(json.dumps(content))

    def wrote(self, host, minutes_ago, name="2026-11-30.jsonl"):
        """A host's file, last written to so long ago; former ones go, as closed ones do."""
        folder = self.root / "logs" / host
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        (folder / name).write_text("{}")
        moment = time.time() - minutes_ago * MINUTE
        os.utime(folder / name, (moment, moment))

    def look(self, away=0.0, up=30 * DAY):
        """Look so many minutes from now, `up` seconds after a boot; return what people are told."""
        now, uptime = 'state, now = Path(told["state"]), time.time()', 'Path("/proc/uptime")'
        script = self.script.read_text()
        assert now in script
        assert uptime in script
        script = script.replace(now, f"{now} + {away * MINUTE}")
        other = self.root / "at-another-time"
        other.write_text(script.replace(uptime, f'Path("{self.root}/uptime")'))
        (self.root / "uptime").write_text(f"{up}.00 0.00\n")
        self.heard_by.write_text("")
        done = subprocess.run([sys.executable, other], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return self.heard_by.read_text().splitlines()


@pytest.fixture
def collector(tmp_path):
    made = Collector(tmp_path)
    made.wrote("pbx1", 1)
    assert made.look() == []
    return made


def test_who_falls_silent_is_told_once_a_day_and_once_when_it_is_back(collector):
    assert collector.look(13) == []
    (told,) = collector.look(20)
    assert told.startswith("ringfence-log-silence.service pbx1 sends no logs since 20")
    assert told.endswith(" UTC")
    assert collector.look(25) == []
    assert collector.look(20 + 24 * 60 - 1) == []
    assert len(collector.look(20 + 24 * 60 + 1)) == 1
    collector.wrote("pbx1", -1470)
    assert collector.look(1471) == ["ringfence-log-silence.service pbx1 sends logs again"]
    assert collector.look(1472) == []


def test_a_host_is_not_silent_because_its_day_was_closed(collector):
    collector.wrote("pbx1", 1, "2026-11-30.jsonl.zst")
    assert collector.look(5) == []
    assert len(collector.look(20)) == 1


def test_a_host_that_never_sent_anything_is_told_of_after_its_time(collector):
    collector.configure(pbx1=15, db1=15)
    collector.wrote("pbx1", 0)
    assert collector.look() == []
    collector.wrote("pbx1", -16)
    told = collector.look(16)
    assert told == ["ringfence-log-silence.service db1 has never sent logs"]


def test_a_collector_that_was_off_tells_nothing_before_hosts_can_have_come_back(collector):
    assert collector.look(600, up=60) == []
    assert collector.look(613, up=14 * MINUTE) == []
    assert len(collector.look(616, up=17 * MINUTE)) == 1


def test_a_collector_that_was_off_neither_tells_twice_nor_forgets_whom_it_told_of(collector):
    assert len(collector.look(20)) == 1
    assert collector.look(60, up=60) == []
    assert collector.look(80, up=20 * MINUTE) == []
    assert collector.look(90, up=60) == []
    collector.wrote("pbx1", -91)
    assert collector.look(92, up=180) == ["ringfence-log-silence.service pbx1 sends logs again"]


def test_a_silent_host_is_told_of_though_what_was_remembered_is_lost(collector):
    (collector.root / "state.json").unlink()
    assert len(collector.look(20)) == 1


def test_a_clock_that_is_set_back_makes_nobody_silent_and_hides_nobody(collector):
    collector.wrote("pbx1", -600)
    assert collector.look(601) == []
    assert collector.look(2) == []
    assert len(collector.look(20)) == 1


def test_an_alert_that_is_not_taken_is_told_at_the_next_look(collector):
    alert = (collector.root / "alert").read_text()
    (collector.root / "alert").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AssertionError):
        collector.look(20)
    (collector.root / "alert").write_text(alert)
    assert len(collector.look(21)) == 1


def test_what_was_told_is_not_told_again_because_the_next_host_could_not_be(collector):
    collector.configure(pbx1=15, db1=15)
    collector.wrote("db1", 1)
    assert collector.look() == []
    alert = (collector.root / "alert").read_text()
    refusing = f"#!/bin/sh\ncat >>{collector.heard_by}\n! grep -q db1 {collector.heard_by}\n"
    (collector.root / "alert").write_text(refusing)
    with pytest.raises(AssertionError):
        collector.look(20)
    assert "pbx1 sends no logs" in collector.heard_by.read_text()
    (collector.root / "alert").write_text(alert)
    (told,) = collector.look(21)
    assert "db1 sends no logs" in told


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pbx1": 3}'])
def test_a_damaged_memory_begins_anew(collector, text):
    (collector.root / "state.json").write_text(text)
    assert collector.look() == []


def test_hosts_that_people_switch_off_may_be_silent():
    def host(*groups):
        return SimpleNamespace(classification=Classification("medium"), groups=groups)

    hosts = {"pbx1": host("pbx"), "desk1": host("agents"), "desk2": host("agents", "pbx")}
    settings = Settings.model_validate({"silent_minutes": 30})
    wanted = SimpleNamespace(site=SimpleNamespace(hosts=hosts), settings=lambda _role: settings)
    assert json.loads(archive.silence(wanted))["minutes"] == {"pbx1": 30}
