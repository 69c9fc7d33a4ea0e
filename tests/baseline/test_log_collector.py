"""The collector's archive of logs: it can only grow, it is chained and signed, and it is kept."""

from datetime import timedelta

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import (
    access_rows,
    host_inventory,
    log_arrivals,
    log_chain,
    log_promises,
    log_room,
    next_runs,
)
from ringfence.verify.probes import log_folders as archive

MINUTE = 60  # seconds
NIGHT = 26  # hours: a day, and what a timer may be late
HOURLY = 1.2  # hours: with what a timer may be late
TWO_YEARS = 730  # days: a host that the site doesn't know may have been classified high
DATA_GROUPS = ("recordings", "database", "backup_server")


@pytest.fixture
def folders(host, expect):
    """The folders of the archive; one that has none receives nothing."""
    found = archive.folders(host)
    expect("folders of hosts in the archive", [one.name for one in found], differs_from=[])
    return found


# What hosts say comes in


@control("LOG-06")
def test_what_hosts_say_comes_within_a_minute(host, site, declared, expect):
    if declared not in site.groups.get("log_collector", [])[:1]:
        not_applicable("the archive lies on the site's collector")
    for name, seconds in log_arrivals.quickest(host, sorted(site.hosts)).items():
        what = f"seconds that the quickest of {name}'s last records took"
        expect(what, seconds, at_most=MINUTE)


# Nobody can alter it


@control("LOG-07")
def test_closed_files_are_immutable_and_others_can_only_grow(host, folders, expect):
    good, bad = archive.without_attribute(host)
    expect("files that can be altered", bad, nothing=True)
    expect("files with their attribute", good, at_least=1)


@control("LOG-07")
def test_not_even_root_can_alter_or_remove_a_file(host, folders, expect):
    tried = archive.attempts(host)
    for folder in folders:
        found = tried.get(folder.name, archive.Attempts())
        expect(f"attempts on {folder.name} that were not refused", found.other, nothing=True)
        expect(f"attempts on {folder.name} that were refused", found.refused, at_least=1)


@control("LOG-07")
def test_only_root_can_use_the_key_that_signs(host, expect):
    status = archive.key_status(host)
    expect("kind, owner and mode of the key", status, equals="regular file root:root 600")


# Whoever alters it is seen


@control("LOG-07")
def test_every_folder_has_a_chain_that_began(folders, expect):
    for folder in folders:
        expect(f"first entry of {folder.name}", log_chain.beginning(folder), equals="begun 0")


@control("LOG-07")
def test_the_last_entries_are_whole_chained_and_signed(host, folders, site, declared, expect):
    keys, place = log_chain.trusted(site, declared, archive.public_key(host))
    expect("whence the keys are that count", place, differs_from="nowhere")
    for folder in folders:
        found = log_chain.faults(folder, keys)
        expect(f"what is wrong with the last entries of {folder.name}", found, nothing=True)
        expect(f"head of {folder.name}", log_chain.head(folder), matches="^[0-9]+ [0-9a-f]{64}$")


@control("LOG-07")
def test_the_last_closed_files_hold_what_their_entries_say(folders, expect):
    for folder in folders:
        for name, said in log_chain.digests(folder).items():
            if name in folder.digests:
                expect(f"SHA-256 of {folder.name}/{name}", folder.digests[name], equals=said)


# Nothing is missing


@control("LOG-07")
def test_every_file_that_was_closed_is_there(folders, expect):
    for folder in folders:
        expect(f"closed files of {folder.name} that are not there", folder.missing, nothing=True)
        expect(f"files of {folder.name} that its chain doesn't keep", folder.odd, nothing=True)
        wanted = folder.closed - folder.pruned
        expect(f"closed files of {folder.name}", folder.there, equals=wanted)


@control("LOG-07")
def test_every_day_that_is_over_is_closed(host, folders, expect):
    today = archive.today(host)
    for folder in folders:
        over = [day.isoformat() for day in folder.open_days if day < today]
        expect(f"days of {folder.name} that are over and open", over, nothing=True)
        last = log_chain.last_day(folder)
        expect(f"last day of {folder.name}'s chain", last, at_least=today - timedelta(days=1))


@control("LOG-07")
def test_files_are_kept_for_as_long_as_they_must(host, folders, site, expect):
    asked, kept = log_promises.asked_for(site), archive.settings(host)
    for name, days in asked.items():
        found = kept.get("hosts", {}).get(name, kept.get("others", 0))
        expect(f"days for which files of {name} are kept", found, at_least=days)
    expect("days for which other files are kept", kept.get("others", 0), at_least=TWO_YEARS)


@control("LOG-07")
def test_files_are_promised_to_be_kept_for_as_long_as_they_must(host, folders, site, expect):
    asked, since = log_promises.asked_for(site), log_promises.configured_at(host)
    for one in log_promises.promises(host):
        short = one.too_short(asked.get(one.host, TWO_YEARS), since)
        expect(f"files of {one.host} that are promised too few days", short, nothing=True)


@control("LOG-07")
def test_no_file_went_before_the_time_that_it_was_promised(host, folders, site, expect):
    asked = log_promises.asked_for(site)
    for one in log_promises.promises(host):
        for name, (kept, due) in one.days(asked.get(one.host, TWO_YEARS)).items():
            expect(f"days for which {one.host}/{name} was kept", kept, at_least=due)


# It goes on


@control("LOG-07")
def test_the_archive_is_looked_after_each_night(host, expect):
    due = next_runs.due(host, archive.TIMERS)
    expect("timers that close files and are enabled and active", len(due), at_least=1)
    expect("hours until the next run", min(one.hours for one in due), at_most=NIGHT)


@control("LOG-07")
def test_the_last_run_that_closed_files_succeeded(host, expect):
    timers = host_inventory.timers(host, archive.TIMERS)
    expect("timers that close files", len(timers), at_least=1)
    for timer in timers:
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")


@control("LOG-07")
def test_the_archives_disk_has_room(host, policy, expect):
    free = log_room.free_percent(host)
    least = policy.log_collector.least_free_percent
    expect("free percent of the archive's disk", free, at_least=least)


@control("LOG-07")
def test_people_hear_of_a_disk_that_is_nearly_full(host, policy, expect):
    due = next_runs.due(host, log_room.TIMERS)
    expect("timers that look for room and are enabled and active", len(due), at_least=1)
    expect("hours until the next look for room", min(one.hours for one in due), at_most=HOURLY)
    little = 100 - policy.log_collector.least_free_percent / 2
    said = {log_room.look(host, one.timer, little) for one in due}
    expect("what a look says of a disk that is nearly full", sorted(said), equals=["fails"])
    said = {log_room.look(host, one.timer, 10) for one in due}
    expect("what a look says of a disk with room", sorted(said), equals=["well"])


@control("LOG-07")
def test_hosts_that_send_no_logs_are_looked_for(host, expect):
    pattern = "*log-silence*.timer"
    due = next_runs.due(host, pattern)
    expect("timers that look for silent hosts and are enabled and active", len(due), at_least=1)
    hours = min(one.hours for one in due)
    expect("hours until the next look for silent hosts", hours, at_most=0.2)
    for timer in host_inventory.timers(host, pattern):
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")


# The access record in it


@pytest.fixture
def last_days(host):
    """The last closed file of each host, and since when each is in the archive."""
    return access_rows.last_days(host)


@pytest.fixture
def due(host, last_days, expect):
    """The hosts of which a day must be closed: none on the day on which an archive begins."""
    expect("hosts in the archive", len(last_days.begun), at_least=1)
    today = archive.today(host)
    return [name for name in last_days.begun if last_days.is_due(name, today)]


@control("ACR-04")
def test_hosts_with_personal_data_have_days_in_the_archive(last_days, due, site, expect):
    there = {file.partition("/")[0] for file in last_days.lines}
    for one in site.hosts.values():
        if one.classification == "high" or any(one.in_group(group) for group in DATA_GROUPS):
            expect(f"chain of {one.name} in the archive", one.name in last_days.begun, equals=True)
            if one.name in due:
                expect(f"closed day of {one.name}", one.name in there, equals=True)


@control("ACR-04")
def test_every_line_of_the_last_closed_day_is_a_message(last_days, due, expect):
    expect("lines", sum(last_days.lines.values()), at_least=1 if due else 0)
    expect("lines that are no messages", last_days.odd, nothing=True)


@control("ACR-04")
def test_every_access_of_the_last_closed_day_tells_who_and_which_file(last_days, due, expect):
    expect("files", len(last_days.accesses), at_least=1 if due else 0)
    expect("accesses that don't tell all", last_days.lacking, nothing=True)


@control("ACR-04")
def test_the_oldest_closed_day_can_still_be_read(host, due, expect):
    found = access_rows.oldest(host)
    expect("hosts with closed days", len(found), at_least=1 if due else 0)
    for file, word in found.items():
        expect(f"oldest closed file {file}", word, equals="read")
