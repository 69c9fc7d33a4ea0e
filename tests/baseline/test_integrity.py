"""The integrity of files, by a baseline that is kept elsewhere."""

import pytest

from ringfence.verify import control
from ringfence.verify.probes import file_integrity as integrity
from ringfence.verify.probes import host_inventory, next_runs

NIGHT = 26  # hours: a day, and what a timer may be late
FEW = 500
"""Files that the smallest Debian has in /etc and /usr many times over."""
SAME = "AIDE found NO differences"
ONLY_ROOT_READS = r"^regular( empty)? file root:root [0-7]*00$"
ONLY_ROOT_ENTERS = r"^directory root:root [0-7]*00$"


@pytest.fixture
def kept(site, declared, expect):
    """What the site remembers of the host's baseline."""
    found = integrity.kept(site, declared)
    expect("baseline that is kept with the site", found and found.host, equals=declared.name)
    return found


@pytest.fixture
def guarding(host):
    """The programs and files by which the host is guarded or entered, those that it has."""
    return integrity.there(host, integrity.GUARDING)


# FIM-01: the baseline


@control("FIM-01")
def test_the_baseline_is_the_one_that_is_kept_elsewhere(host, kept, expect):
    found = integrity.digest(host, integrity.DATABASE)
    expect("digest of the host's baseline", found, equals=kept.database)


@control("FIM-01")
def test_the_rules_are_those_that_are_kept_elsewhere(host, kept, expect):
    found = integrity.digest(host, integrity.RULES)
    expect("digest of the rules by which files are compared", found, equals=kept.rules)


@control("FIM-01")
def test_the_baseline_has_what_guards_the_host(host, guarding, expect):
    expect("files in the baseline", integrity.entries(host), at_least=FEW)
    digests = integrity.in_the_baseline(host, guarding)
    weak = sorted(path for path in guarding if len(digests.get(path, "")) != 128)
    expect("files without a SHA-512 in the baseline", weak, nothing=True)


@control("FIM-01")
def test_what_guards_the_host_is_as_the_baseline_has_it(host, guarding, expect):
    digests = integrity.in_the_baseline(host, guarding)
    now = integrity.on_the_disk(host, guarding)
    expect("files that were compared", len(now), at_least=5)
    differing = sorted(path for path in now if now[path] != digests.get(path))
    expect("files that are not as the baseline has them", differing, nothing=True)


# FIM-01: the comparison


@control("FIM-01")
def test_the_last_comparison_was_last_night(host, kept, expect):
    moment = "".join(host_inventory.read(host, "taken-at", integrity.FOLDER)).strip()
    expect("moment of the comparison", moment, matches=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\S+$")
    hours = host_inventory.hours_since(host, moment)
    expect("age of the comparison in hours", hours, at_least=-0.1)
    expect("age of the comparison in hours", hours, at_most=NIGHT)
    expect("baseline of the comparison", integrity.compared_with(host), equals=kept.database)


@control("FIM-01")
def test_the_answer_of_the_comparison_was_written_last_night(host, expect):
    for name in integrity.FILES:
        shown = host_inventory.owner_and_mode(host, name, integrity.FOLDER)
        expect(f"kind, owner and mode of {name}", shown, differs_from="missing")
        hours = host_inventory.hours_since_written(host, name, integrity.FOLDER)
        expect(f"hours since {name} was written", hours, at_most=NIGHT)


@control("FIM-01")
def test_no_watched_file_differs_from_the_baseline(host, expect):
    found = integrity.differences(host)
    expect("files that differ from the baseline", found.all, nothing=True)
    expect("what AIDE says", found.outline, matches=SAME)


@control("FIM-01")
def test_files_of_packages_are_as_their_packages_made_them(host, expect):
    shown = host_inventory.owner_and_mode(host, "packages", integrity.FOLDER)
    expect("answer about packages", shown, differs_from="missing")
    expect("files of packages that were altered", integrity.altered_packages(host), nothing=True)


@control("FIM-01")
def test_only_root_can_read_what_is_watched(host, expect):
    for path in (integrity.PLACE, integrity.FOLDER):
        shown = host_inventory.owner_and_mode(host, "", path)
        expect(f"kind, owner and mode of {path}", shown, matches=ONLY_ROOT_ENTERS)
    for path in (integrity.DATABASE, integrity.RULES):
        shown = host_inventory.owner_and_mode(host, "", path)
        expect(f"kind, owner and mode of {path}", shown, matches=ONLY_ROOT_READS)


@control("FIM-01")
def test_the_next_comparison_is_due_within_a_day(host, expect):
    due = next_runs.due(host, integrity.TIMERS)
    expect("timers that compare and are enabled and active", len(due), at_least=1)
    expect("hours until the next comparison", min(one.hours for one in due), at_most=NIGHT)


@control("FIM-01")
def test_the_last_comparison_succeeded(host, expect):
    timers = host_inventory.timers(host, integrity.TIMERS)
    expect("timers that compare", len(timers), at_least=1)
    for timer in timers:
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")
