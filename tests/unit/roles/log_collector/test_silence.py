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

    def look(self, away=0.0):
        """Look so many minutes from now; return what people are told."""
        script = self.script.read_text().replace(
            'state, now = Path(told["state"]), time.time()',
            f'state, now = Path(told["state"]), time.time() + {away * MINUTE}',
        )
        other = self.root / "at-another-time"
        # The collector is up for long: what counts here is when a host was heard.
        other.write_text(script.replace('Path("/proc/uptime")', f'Path("{self.root}/uptime")'))
        (self.root / "uptime").write_text(f"{30 * DAY}.00 0.00\n")
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
    text = collector.script.read_text()
    assert 'Path("/proc/uptime")' in text
    collector.root.joinpath("uptime").write_text("60.00 0.00\n")
    changed = text.replace('Path("/proc/uptime")', f'Path("{collector.root}/uptime")')
    collector.script.write_text(changed)
    collector.wrote("pbx1", 600)
    (collector.root / "state.json").unlink()
    done = subprocess.run([sys.executable, collector.script], check=False)
    assert (done.returncode, collector.heard_by.read_text()) == (0, "")


def test_an_alert_that_is_not_taken_is_told_at_the_next_look(collector):
    alert = (collector.root / "alert").read_text()
    (collector.root / "alert").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AssertionError):
        collector.look(20)
    (collector.root / "alert").write_text(alert)
    assert len(collector.look(21)) == 1


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
