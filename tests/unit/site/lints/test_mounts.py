from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]


def kernel(section: str) -> tuple[str, str]:
    return "firewall:\n", f"kernel: {{{section}}}\nfirewall:\n"


def data(path: str) -> tuple[str, str]:
    return kernel(f"data_mounts: [{{groups: [pbx], path: {path}}}]")


def test_a_data_mount_from_which_packages_run_their_scripts_is_refused(told: Told) -> None:
    assert told(data("/var")) == [
        "policy.yml:29:46: kernel.data_mounts[0].path: nothing could run in /var, and "
        "/var/lib/dpkg/info holds the scripts that packages run when they are installed or removed"
        ": name the directory of the data itself [noexec-where-packages-run]"
    ]


@pytest.mark.parametrize(
    "path", ["/usr", "/usr/bin", "/usr/local", "/etc", "/var/lib", "/var/lib/dpkg", "/var/cache"]
)
def test_whatever_holds_programs_is_refused(path: str, told: Told) -> None:
    (line,) = told(data(path))
    assert line.endswith("[noexec-where-packages-run]")


@pytest.mark.parametrize(
    "path", ["/srv", "/srv/recordings", "/var/lib/postgresql", "/var/log", "/usr/share/data", "/v"]
)
def test_directories_of_data_are_none(path: str, told: Told) -> None:
    assert told(data(path)) == []


def executable(path: str) -> str:
    return f"executable: [{{groups: [pbx], path: {path}, purpose: a dialler}}]"


def test_an_executable_place_that_is_none_of_the_mounts(told: Told) -> None:
    (line,) = told(kernel(executable("/opt")))
    assert line == (
        "policy.yml:29:45: kernel.executable[0].path: programs run in /opt as it is: take the entry"
        " away, or name one of /tmp, /var/tmp, /dev/shm, /home [executable-that-nothing-closes]"
    )


@pytest.mark.parametrize(
    "section",
    [
        executable("/tmp"),
        f"{executable('/srv/x')}, data_mounts: [{{groups: [all], path: /srv/x}}]",
        executable("/opt").replace("pbx", "vpn_gateway"),  # no host has it yet
    ],
)
def test_an_executable_place_that_is_one(section: str, told: Told) -> None:
    assert told(kernel(section)) == []
