"""The integrity of files, by a baseline that is kept elsewhere; where packages come from."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import boot_chain, host_inventory, package_sources
from ringfence.verify.probes import file_integrity as integrity

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
    timers = host_inventory.timers(host, integrity.TIMERS)
    due = [timer for timer in timers if timer.enabled == "enabled" and timer.active == "active"]
    states = [f"{timer.unit} {timer.enabled} {timer.active}" for timer in timers]
    expect("timers that compare", states, differs_from=[])
    expect("timers that compare and are enabled and active", len(due), at_least=1)
    hours = [timer.seconds_to_next / 3600 for timer in due if timer.seconds_to_next is not None]
    expect("hours until the next comparison", round(min(hours, default=999), 1), at_most=NIGHT)


@control("FIM-01")
def test_the_last_comparison_succeeded(host, expect):
    timers = host_inventory.timers(host, integrity.TIMERS)
    expect("timers that compare", len(timers), at_least=1)
    for timer in timers:
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")


# FIM-02: where packages come from


@pytest.fixture
def sources(host, expect):
    """The sources of packages, one at least: a host without one gets no security updates."""
    found = package_sources.sources(host)
    expect("sources of packages", len(found), at_least=1)
    return found


@control("FIM-02")
def test_every_source_of_packages_names_the_key_that_signs_it(host, sources, expect):
    without = [str(source) for source in sources if not source.key]
    expect("sources that any key may sign", without, nothing=True)
    expect(
        "keys that root alone doesn't keep", package_sources.weak_keys(host, sources), nothing=True
    )


@control("FIM-02")
def test_no_source_of_packages_does_without_signatures(sources, expect):
    loose = [f"{source} {option}" for source in sources for option in source.loose]
    expect("sources that do without signatures", loose, nothing=True)


@control("FIM-02")
def test_packages_come_from_approved_places_alone(sources, policy, declared, expect):
    approved = policy.integrity.repositories_of(declared)
    foreign = [str(source) for source in sources if source.place not in approved]
    expect("sources that nobody approved", foreign, nothing=True)


@control("FIM-02")
def test_apt_is_told_to_want_signatures(host, expect):
    for name, value in package_sources.settings(host).items():
        expect(name, value, equals=package_sources.SETTINGS[name])


@control("FIM-02")
def test_apt_refuses_a_source_that_nobody_signed(host, expect):
    found = package_sources.takes_what_nobody_signed(host)
    expect("what apt does with a source that nobody signed", found, equals="refuses")


@control("FIM-02")
def test_no_key_counts_for_every_source(host, expect):
    found = package_sources.keys_for_all(host)
    expect("keys for every source that no package brought", found, nothing=True)


# FIM-02: what starts the host


@control("FIM-02")
def test_only_root_reads_what_the_boot_loader_is_told(host, policy, declared, expect):
    state = boot_chain.secure_boot(host)
    known = ["on"] if policy.integrity.needs_secure_boot(declared) else boot_chain.STATES
    expect("Secure Boot", state, one_of=known)
    found = boot_chain.open_configurations(host)
    expect("configurations of the boot loader that others may read", found, nothing=True)


@pytest.fixture
def menu(host):
    """GRUB's menu; a container is started by another computer."""
    if boot_chain.secure_boot(host) == "another computer's":
        not_applicable("another computer starts a container")
    return boot_chain.menu(host)


@control("FIM-02")
def test_who_changes_what_the_boot_loader_starts_needs_a_password(menu, policy, declared, expect):
    wanted = policy.integrity.boot_password_of(declared)
    if wanted is None:
        not_applicable("the site wants no password of the boot loader on hosts of this group")
    expect("whether GRUB starts the host", menu is not None, equals=True)
    expect("who may change what GRUB starts", menu.superusers, equals=[wanted.user])
    expect("accounts of GRUB with a strong password", menu.strong, equals=[wanted.user])
    expect("accounts of GRUB with a weak password", menu.weak, nothing=True)


@control("FIM-02")
def test_no_start_waits_for_a_password(menu, expect):
    if menu is None:
        not_applicable("GRUB does not start this host")
    expect("entries of the boot menu", menu.entries, at_least=1)
    expect("entries that nobody starts without a password", menu.waiting, nothing=True)
