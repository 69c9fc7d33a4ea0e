"""Where packages come from, and who decides what starts the host."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import boot_chain, package_sources

# FIM-02: where packages come from


@pytest.fixture
def sources(host, expect):
    """The sources of packages, one at least: a host without one gets no security updates."""
    found = package_sources.sources(host)
    expect("sources of packages", len(found), at_least=1)
    return found


@pytest.fixture
def approved(policy, declared):
    """The approved places of the host's packages, and the keys of each."""
    return policy.provenance.repositories_of(declared)


@control("FIM-02")
def test_every_source_of_packages_names_the_key_that_signs_it(host, sources, approved, expect):
    without = [str(source) for source in sources if not source.key]
    expect("sources that any key may sign", without, nothing=True)
    foreign = package_sources.foreign_keys(host, sources, approved)
    expect("sources that another key signs than their place's", foreign, nothing=True)


@control("FIM-02")
def test_no_source_of_packages_does_without_signatures(sources, expect):
    loose = [f"{source} {option}" for source in sources for option in source.loose]
    expect("sources that do without signatures", loose, nothing=True)


@control("FIM-02")
def test_packages_come_from_approved_places_alone(sources, approved, expect):
    foreign = [str(one) for one in sources if not package_sources.approval(one, approved)]
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
    known = ["on"] if policy.provenance.needs_secure_boot(declared) else boot_chain.STATES
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
    wanted = policy.provenance.boot_password_of(declared)
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
