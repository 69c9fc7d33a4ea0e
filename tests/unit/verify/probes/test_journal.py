from types import SimpleNamespace

from ringfence.verify.probes import journal

HEADERS = """\
File path: /var/log/journal/a/system.journal
File ID: 1
State: ONLINE
Compatible flags: SEALED TAIL_ENTRY_BOOT_ID
Disk usage: 8M

File path: /var/log/journal/a/system@b.journal
State: ARCHIVED
Compatible flags:
"""


def host(text):
    def run(*_arguments):
        return SimpleNamespace(stdout=text, rc=0)

    return SimpleNamespace(run=run, check_output=lambda *_arguments: text)


def test_files_are_known_by_their_headers():
    first, second = journal.files(host(HEADERS))
    assert (first.path, first.state) == ("/var/log/journal/a/system.journal", "ONLINE")
    assert first.flags.split() == ["SEALED", "TAIL_ENTRY_BOOT_ID"]
    assert second.flags == ""


def test_archived_files_are_not_written_to():
    assert [file.state for file in journal.written(host(HEADERS))] == ["ONLINE"]


def test_a_file_in_memory_that_nobody_writes_any_more_does_not_count():
    left = HEADERS.replace("State: ARCHIVED", "State: OFFLINE").replace(
        "system@b.journal", "left.journal"
    )
    last = "Tail realtime timestamp: Sat 2026-11-28 06:47:26 UTC (661508cc0c25f)\nCompatible"
    former = "Tail realtime timestamp: Sat 2026-11-28 06:24:25 UTC (661503a69dc77)\nCompatible"
    text = left.replace("Compatible", last, 1)
    text = former.join(text.rsplit("Compatible", 1))
    (found,) = journal.written(host(text))
    assert found.path == "/var/log/journal/a/system.journal"


def test_a_host_without_a_journal_has_no_files():
    assert journal.files(host("No journal files were found.\n")) == []


def test_the_most_that_the_journal_takes_is_what_journald_says():
    assert journal.most_bytes(host('{"MAX_USE":"1048576000","LIMIT":"1"}\n')) == 1048576000
    assert journal.most_bytes(host("")) == 0


def test_the_last_of_several_settings_counts():
    text = "# /etc/a\n[Journal]\n#Storage=none\nStorage=auto\n\n# /etc/b\nStorage = persistent\n"
    assert journal.settings(host(text)) == {"Storage": "persistent"}


def test_what_journald_dropped_is_told_line_by_line():
    lines = "Suppressed 3 messages from cron.service\nMissed 2 kernel messages\n"
    assert len(journal.dropped(host(lines))) == 2


def test_the_audit_socket_is_told_by_its_states():
    found = journal.audit_socket(host("LoadState=masked\nActiveState=inactive"))
    assert found == {"LoadState": "masked", "ActiveState": "inactive"}
