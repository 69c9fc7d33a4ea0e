"""Who may read and change what: data, system files, homes, and programs with privileges."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import closed_files, data_directories, host_inventory, next_runs
from ringfence.verify.probes import privileged_programs as programs

NIGHT = 26  # hours: a day, and what a timer may be late
LISTED_RELEASES = ["12", "13"]
NOT_WRITABLE = r" root:root [0-7]?[0246][04][04]$"
HASHES_CLOSED = r" root:(root|shadow) [0246][04]0$"
ONLY_ROOT = r" root:\S+ [0246]00$"
CLOSED_HOME = r"^directory [0-7]?00$"
ONLY_ROOT_READS = r"^regular( empty)? file root:root [0-7]*00$"
ONLY_ROOT_ENTERS = r"^directory root:root [0-7]*00$"


# PRV-02: data


@pytest.fixture
def data(host, policy, declared, expect):
    """The directories of data that the site declares of the host; each is there, and is one."""
    entries = policy.permissions.data_of(declared)
    if not entries:
        not_applicable("the site declares no data on this host")
    for entry in entries:
        kind = data_directories.kind(host, entry.path)
        expect(f"kind of {entry.path}", kind, equals="directory")
    return entries


@control("PRV-02")
def test_data_belong_to_their_group(host, data, expect):
    for entry in data:
        group = data_directories.group_entry(host, entry.group)
        expect(f"group that may read {entry.path}", group, equals=entry.group)
        foreign = data_directories.foreign(host, entry.path, entry.group, entry.service)
        expect(f"files of others in {entry.path}", foreign, nothing=True)


@control("PRV-02")
def test_data_give_others_no_right(host, data, expect):
    for entry in data:
        found = data_directories.open_to_others(host, entry.path)
        expect(f"files open to others in {entry.path}", found, nothing=True)


@control("PRV-02")
def test_access_lists_let_nobody_else_at_data(host, data, expect):
    expect("tool that shows access lists", closed_files.knows_access_lists(host), matches="/")
    for entry in data:
        found = data_directories.foreign_entries(host, entry.path, entry.service)
        expect(f"access lists that let others into {entry.path}", found, nothing=True)


@control("PRV-02")
def test_new_data_inherit_their_group(host, data, expect):
    for entry in data:
        found = data_directories.not_passing_on(host, entry.path)
        expect(f"directories that pass on no group in {entry.path}", found, nothing=True)


@control("PRV-02")
def test_new_data_inherit_that_others_have_no_right(host, data, expect):
    expect("tool that shows access lists", closed_files.knows_access_lists(host), matches="/")
    for entry in data:
        found = data_directories.without_defaults(host, entry.path)
        expect(f"directories without default lists in {entry.path}", found, nothing=True)


@control("PRV-02")
def test_an_outsider_cannot_read_data(host, data, expect):
    for entry in data:
        found = data_directories.readable_to_an_outsider(host, entry.path)
        expect(f"what nobody could open in {entry.path}", found, nothing=True)


# PRV-03: system files


@control("PRV-03")
def test_only_root_can_change_the_files_of_accounts(host, expect):
    found = closed_files.status(host, closed_files.PUBLIC)
    expect("files of accounts", [file.path for file in found], includes={"/etc/passwd"})
    for file in found:
        expect("owner and mode of", str(file), matches=NOT_WRITABLE)
        expect(f"kind of {file.path}", file.kind, matches="^regular")


@control("PRV-03")
def test_the_files_of_passwords_are_closed(host, expect):
    found = closed_files.status(host, closed_files.SECRET)
    expect("files of passwords", [file.path for file in found], includes={"/etc/shadow"})
    for file in found:
        expect("owner and mode of", str(file), matches=HASHES_CLOSED)
        expect(f"kind of {file.path}", file.kind, matches="^regular")
    for file in closed_files.status(host, closed_files.OLD_PASSWORDS):
        expect("owner and mode of", str(file), matches=ONLY_ROOT)


@control("PRV-03")
def test_no_access_list_opens_system_files(host, expect):
    expect("tool that shows access lists", closed_files.knows_access_lists(host), matches="/")
    paths = [*closed_files.PUBLIC, *closed_files.SECRET, *closed_files.OLD_PASSWORDS]
    found = closed_files.access_lists(host, paths)
    expect("system files with access lists", found, nothing=True)


@control("PRV-03")
def test_an_outsider_cannot_read_password_hashes(host, expect):
    paths = [*closed_files.SECRET, *closed_files.OLD_PASSWORDS]
    there = [file.path for file in closed_files.status(host, paths)]
    found = closed_files.readable_to_an_outsider(host, there)
    expect("files of passwords that nobody could open", found, nothing=True)


# PRV-03: homes


@pytest.fixture
def homes(host):
    """Root's home and those of people's accounts that are there, with what they are."""
    known = closed_files.homes(host)
    found = closed_files.status(host, sorted({home.path for home in known}))
    return [(home, file) for home in known for file in found if file.path == home.path]


@control("PRV-03")
def test_homes_are_closed_to_others(host, homes, expect):
    expect("homes", [home.path for home, _ in homes], includes={"/root"})
    for home, file in homes:
        shown = f"{file.kind} {file.mode}"
        expect(f"kind and mode of {home.account}'s home {home.path}", shown, matches=CLOSED_HOME)
    lists = closed_files.access_lists(host, [home.path for home, _ in homes])
    expect("homes with access lists", lists, nothing=True)


@control("PRV-03")
def test_homes_belong_to_their_accounts(homes, expect):
    for home, file in homes:
        owners = {other.account for other, _ in homes if other.path == home.path}
        expect(f"owner of the home {home.path}", file.owner, one_of=sorted(owners))


@control("PRV-03")
def test_no_account_trusts_other_hosts_by_a_file(host, expect):
    found = closed_files.trusting_files(host)
    expect("files by which accounts trust others", found, nothing=True)


# PRV-03: programs with privileges, and files open to all


@pytest.fixture
def allowed(host, policy, expect):
    """What programs may have on the host's release: path to grant."""
    release = host.check_output('. /etc/os-release && echo "$VERSION_ID"')
    expect("release with a list of programs", release, one_of=LISTED_RELEASES)
    return policy.permissions.privileges(int(release))


@pytest.fixture
def now(host, policy):
    """What a search of the places of programs and people finds now."""
    return programs.live(host, policy.permissions.other_systems)


@pytest.fixture
def last_night(host):
    """What the host's own search of all disks found."""
    return programs.listed(host)


@control("PRV-03")
def test_only_known_programs_have_privileges(now, allowed, expect):
    expect("programs with privileges", len(now.programs), at_least=1)
    extra = [program for program in now.programs if not program.may(allowed)]
    expect("programs with privileges that they may not have", extra, nothing=True)


@control("PRV-03")
def test_only_known_programs_have_privileges_on_any_disk(last_night, allowed, expect):
    expect("programs with privileges", len(last_night.programs), at_least=1)
    extra = [program for program in last_night.programs if not program.may(allowed)]
    expect("programs with privileges that they may not have", extra, nothing=True)


@control("PRV-03")
def test_programs_with_privileges_belong_to_packages(host, now, last_night, expect):
    paths = sorted({program.path for program in (*now.programs, *last_night.programs)})
    known = programs.packaged(host, paths)
    expect("programs with privileges", len(paths), at_least=1)
    expect("programs that no package installed", set(paths) - known, nothing=True)


@control("PRV-03")
def test_no_file_is_open_to_all(now, expect):
    expect("files that everybody may write", now.open, nothing=True)


@control("PRV-03")
def test_no_file_is_open_to_all_on_any_disk(last_night, expect):
    expect("files that everybody may write", last_night.open, nothing=True)


@control("PRV-03")
def test_every_file_belongs_to_somebody(now, expect):
    expect("files of no account or group", now.unowned, nothing=True)


@control("PRV-03")
def test_every_file_belongs_to_somebody_on_any_disk(last_night, expect):
    expect("files of no account or group", last_night.unowned, nothing=True)


# PRV-03: the search of all disks


@control("PRV-03")
def test_the_search_says_that_it_is_of_last_night(host, expect):
    moment = "".join(host_inventory.read(host, "taken-at", programs.FOLDER)).strip()
    expect("moment of the search", moment, matches=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\S+$")
    hours = host_inventory.hours_since(host, moment)
    expect("age of the search in hours", hours, at_least=-0.1)
    expect("age of the search in hours", hours, at_most=NIGHT)


@control("PRV-03")
def test_the_answer_of_the_search_was_written_last_night(host, expect):
    for name in programs.FILES:
        shown = host_inventory.owner_and_mode(host, name, programs.FOLDER)
        expect(f"kind, owner and mode of {name}", shown, differs_from="missing")
        hours = host_inventory.hours_since_written(host, name, programs.FOLDER)
        expect(f"hours since {name} was written", hours, at_most=NIGHT)


@control("PRV-03")
def test_the_search_names_the_programs_that_have_privileges(now, last_night, expect):
    hidden = {str(one) for one in now.programs} - {str(one) for one in last_night.programs}
    expect("programs with privileges", len(now.programs), at_least=1)
    expect("programs with privileges outside the search", hidden, nothing=True)


@control("PRV-03")
def test_only_root_can_read_what_the_search_found(host, expect):
    shown = host_inventory.owner_and_mode(host, "", programs.FOLDER)
    expect("kind, owner and mode of its folder", shown, matches=ONLY_ROOT_ENTERS)
    for name in programs.FILES:
        shown = host_inventory.owner_and_mode(host, name, programs.FOLDER)
        expect(f"kind, owner and mode of {name}", shown, matches=ONLY_ROOT_READS)


@control("PRV-03")
def test_the_next_search_is_due_within_a_day(host, expect):
    due = next_runs.due(host, programs.TIMERS)
    expect("timers that search and are enabled and active", len(due), at_least=1)
    expect("hours until the next search", min(one.hours for one in due), at_most=NIGHT)


@control("PRV-03")
def test_the_last_search_succeeded(host, expect):
    timers = host_inventory.timers(host, programs.TIMERS)
    expect("timers that search", len(timers), at_least=1)
    for timer in timers:
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")
