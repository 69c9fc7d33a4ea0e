"""How services are confined: profiles of AppArmor, and sandboxes of systemd's."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import apparmor, sandboxes
from ringfence.verify.probes.drop_log import in_a_container


@pytest.fixture
def own_kernel(host):
    """Not a container's, whose kernel is given to it."""
    if in_a_container(host):
        not_applicable("AppArmor is part of the kernel, and that is another computer's here")


# AppArmor


@control("SYS-05")
def test_apparmor_is_on_now_and_after_a_boot(host, own_kernel, expect):
    expect("AppArmor in the kernel that runs", apparmor.in_the_kernel(host), equals="Y")
    for file, words in apparmor.boot_words(host).items():
        expect(f"what {file} tells the kernel", apparmor.against(words), nothing=True)


@control("SYS-05")
def test_profiles_are_loaded_at_boot(host, own_kernel, expect):
    shown = apparmor.unit(host)
    expect("apparmor.service at boot", shown["UnitFileState"], equals="enabled")
    expect("apparmor.service now", shown["ActiveState"], equals="active")


@control("SYS-05")
def test_every_profile_is_loaded(host, own_kernel, policy, declared, expect):
    loaded = apparmor.status(host)["profiles"]
    expect("profiles in the kernel", len(loaded), at_least=1)
    missing = sorted(set(apparmor.in_files(host)) - set(loaded))
    expect("profiles of /etc/apparmor.d that are not loaded", missing, nothing=True)
    allowed = policy.confinement.profiles_of(declared, "disabled")
    expect("profiles that are disabled", apparmor.disabled(host), within=allowed)


@control("SYS-05")
def test_every_profile_enforces(host, own_kernel, policy, declared, expect):
    modes = apparmor.status(host)["profiles"]
    expect("profiles in the kernel", len(modes), at_least=1)
    allowed = policy.confinement.profiles_of(declared, "complain")
    complaining = sorted(name for name, mode in modes.items() if mode == "complain")
    expect("profiles that only complain", complaining, within=allowed)
    unconfined = {name for name, mode in modes.items() if mode == "unconfined"}
    foreign = sorted(unconfined - set(apparmor.shipped_unconfined(host)))
    expect("profiles that somebody made unconfined", foreign, nothing=True)


@control("SYS-05")
def test_no_process_runs_past_its_profile(host, own_kernel, expect):
    found = apparmor.unconfined(apparmor.status(host))
    expect("processes without the profile that their program has", found, nothing=True)


# sandboxes


@pytest.fixture
def wanted(policy, declared):
    """The sandboxes that services must have, where the host has these services."""
    return {sandbox.unit: sandbox for sandbox in policy.confinement.sandboxes_of(declared)}


@pytest.fixture
def services(host, wanted):
    """The services of the list that the host has."""
    settings = {name for sandbox in wanted.values() for name in sandbox.settings}
    return sandboxes.services(host, list(wanted), sorted(settings))


@control("SYS-05")
def test_services_are_sandboxed(wanted, services, expect):
    expect("services that must be sandboxed", len(services), at_least=1)
    for service in services:
        sandbox = wanted[service.template]
        for setting, value in sandbox.settings.items():
            shown = service.properties[setting]
            if isinstance(value, tuple):
                # A list that begins with ~ forbids what it names, and allows all else.
                expect(f"{setting} of {service.name}", shown.split(), within=value)
                expect(f"{setting} of {service.name}", shown, matches=".")
            else:
                expect(f"{setting} of {service.name}", shown, one_of=sandbox.good(setting))


@control("SYS-05")
def test_services_are_no_more_exposed_than_they_need(host, wanted, services, expect):
    levels = sandboxes.exposures(host, [service.name for service in services])
    for service in services:
        most = wanted[service.template].exposure
        expect(f"exposure of {service.name}", levels.get(service.name, 10.0), at_most=most)


@control("SYS-05")
def test_processes_of_services_run_in_their_sandbox(host, wanted, services, expect):
    running = [service for service in services if service.pid != "0"]
    found = sandboxes.processes(host, [service.pid for service in running])
    expect("processes that were asked", len(found), at_least=1)
    for service in running:
        settings, process = wanted[service.template].settings, found.get(service.pid)
        if process is None:
            continue
        name = f"{service.name}, which runs since {service.properties['ExecMainStartTimestamp']}"
        if "NoNewPrivileges" in settings:
            expect(f"privileges that {name} may gain", process.gains_privileges, equals=False)
        if "RestrictAddressFamilies" in settings:
            more = process.filters - found["1"].filters
            expect(f"filters of system calls of {name}", more, at_least=1)
        if "ProtectSystem" in settings:
            expect(f"/usr as {name} sees it", process.usr, equals="ro")
