"""The kernel: modules that nobody needs, mount options, settings now and at the next boot."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import core_dumps, kernel_settings, kernel_surface
from ringfence.verify.probes.drop_log import in_a_container

REFUSED = r"^install /bin/(false|true)"


@pytest.fixture
def own_kernel(host):
    """Not a container's, whose kernel and mounts are given to it."""
    if in_a_container(host):
        not_applicable("the kernel is that of the computer that runs this container")


# SYS-02: modules


@control("SYS-02")
def test_modules_that_nobody_needs_cannot_be_loaded(host, own_kernel, policy, declared, expect):
    modules = policy.kernel.modules_of(declared)
    for module, how in kernel_surface.loading(host, modules).items():
        expect(f"how {module} is loaded", how, matches=REFUSED)


@control("SYS-02")
def test_modules_that_nobody_needs_are_not_loaded(host, own_kernel, policy, declared, expect):
    found = kernel_surface.loaded(host)
    expect("modules loaded", len(found), at_least=1)
    unwanted = set(policy.kernel.modules_of(declared))
    extra = [f"{name} ({how})" for name, how in sorted(found.items()) if name in unwanted]
    expect("modules loaded that nobody needs", extra, nothing=True)


# SYS-03: mounts


@control("SYS-03")
def test_places_for_all_have_their_mount_options(host, own_kernel, policy, declared, expect):
    for path, wanted in policy.kernel.mounts_of(declared).items():
        expect(f"mount options of {path}", kernel_surface.options(host, path), includes=wanted)


@control("SYS-03")
def test_no_program_runs_in_places_for_all(host, own_kernel, policy, declared, expect):
    for path, wanted in policy.kernel.mounts_of(declared).items():
        if "noexec" in wanted:
            expect(f"a program in {path}", kernel_surface.attempt(host, path), equals="refused")


# SYS-04: settings


@pytest.fixture
def kernels(policy, declared):
    """The settings of the kernel itself."""
    return [one for one in policy.kernel.sysctls_of(declared) if not one.is_of_the_network]


@pytest.fixture
def networks(policy, declared):
    """The settings of the network, which a container has of its own."""
    return [one for one in policy.kernel.sysctls_of(declared) if one.is_of_the_network]


@control("SYS-04")
def test_the_kernel_has_its_settings_now(host, own_kernel, kernels, expect):
    for one, name, value in present(host, kernels, expect):
        expect(f"{name} now", value, one_of=list(one.values))


@control("SYS-04")
def test_the_kernel_has_its_settings_after_a_boot(host, own_kernel, kernels, expect):
    lines = kernel_settings.at_boot(host)
    for one, name, _ in present(host, kernels, expect):
        expect(f"{name} after a boot", decided(lines, name), matches=by_a_file(one))


@control("SYS-04")
def test_the_network_has_its_settings_now(host, networks, expect):
    for one, name, value in present(host, networks, expect):
        expect(f"{name} now", value, one_of=list(one.values))


@control("SYS-04")
def test_the_network_has_its_settings_after_a_boot(host, networks, expect):
    lines = kernel_settings.at_boot(host)
    for one, name, _ in present(host, networks, expect):
        expect(f"{name} after a boot", decided(lines, name), matches=by_a_file(one))


@control("SYS-04")
def test_no_setting_vanishes_at_boot(host, expect):
    lines = kernel_settings.at_boot(host)
    lost = kernel_settings.vanishing(host, lines)
    expect("settings of /etc/sysctl.conf that no boot makes", lost, nothing=True)


@control("SYS-04")
def test_settings_are_made_at_boot(host, expect):
    shown = host.check_output("systemctl show -p LoadState --value systemd-sysctl.service")
    expect("systemd-sysctl.service", shown, equals="loaded")


def present(host, settings, expect):
    """Return each setting that the kernel has: what was declared, its name, its value."""
    values = kernel_settings.now(host, [one.name for one in settings])
    found = []
    for one in settings:
        names = [name for name in values if fits(name, one.name)]
        expect(f"settings called {one.name}", len(names), at_least=0 if one.may_be_missing else 1)
        found += [(one, name, values[name]) for name in names]
    return found


def decided(lines, name):
    """Return in words which value a boot gives a setting, and by which file."""
    line = kernel_settings.winner(lines, name)
    return f"{line.value} by {line.file}" if line else "nothing"


def by_a_file(setting):
    """Return what must be said of a setting that a boot makes as declared."""
    return rf"^({'|'.join(setting.values)}) by "


def fits(name, wanted):
    """Return whether a name is a declared one, in which `*` stands for an interface."""
    before, star, after = wanted.replace(".", "/").partition("*")
    return name.startswith(before) and name.endswith(after) if star else name == before


@pytest.fixture
def no_dumps(policy, declared):
    """Not a host whose processes may leave core dumps, by the policy."""
    if policy.kernel.may_dump(declared):
        not_applicable("core dumps are allowed, by the policy (kernel.core_dumps)")


@control("SYS-04")
def test_no_process_may_leave_its_memory_on_the_disk(host, no_dumps, expect):
    found = core_dumps.processes(host)
    expect("processes", len(found), at_least=1)
    able = sorted(name for name, limit in found.items() if limit != "0")
    expect("processes that may leave core dumps", able, nothing=True)


@control("SYS-04")
def test_no_service_is_started_so_that_it_may(host, no_dumps, expect):
    found = core_dumps.services(host)
    expect("services", len(found), at_least=1)
    able = sorted(unit for unit, limit in found.items() if limit != "0")
    expect("services that may leave core dumps", able, nothing=True)


@control("SYS-04")
def test_no_session_may_leave_its_memory_on_the_disk(host, no_dumps, expect):
    allowed = core_dumps.allowances(host)
    expect("lines of PAM's limits that let sessions leave core dumps", allowed, nothing=True)
    expect("limit of a session's core dumps", core_dumps.session(host), equals="0")
