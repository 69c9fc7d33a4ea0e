from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]


def kernel(section: str) -> tuple[str, str]:
    return "firewall:\n", f"kernel: {{{section}}}\nfirewall:\n"


def data(path: str) -> tuple[str, str]:
    return kernel(f"data_mounts: [{{groups: [pbx], path: {path}}}]")


def test_a_data_mount_from_which_packages_run_their_scripts_is_refused(told: Told) -> None:
    assert told(data("/var")) == [
        "policy.yml:29:46: kernel.data_mounts[0].path: nothing could run in /var, which holds "
        "/var/lib/dpkg, a directory of the system: name the directory of the data itself "
        "[noexec-where-packages-run]"
    ]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/usr", "is a directory of the system"),
        ("/usr/bin", "lies in /usr, a directory of the system"),
        ("/usr/lib/x", "lies in /usr, a directory of the system"),
        ("/usr/libexec", "lies in /usr, a directory of the system"),
        ("/usr/local", "lies in /usr, a directory of the system"),
        ("/usr/share", "lies in /usr, a directory of the system"),
        ("/usr/share/data", "lies in /usr, a directory of the system"),
        ("/bin", "is a directory of the system"),
        ("/boot", "is a directory of the system"),
        ("/dev", "is a directory of the system"),
        ("/dev/mqueue", "lies in /dev, a directory of the system"),
        ("/etc", "is a directory of the system"),
        ("/etc/kernel", "lies in /etc, a directory of the system"),
        ("/lib", "is a directory of the system"),
        ("/root", "is a directory of the system"),
        ("/var/cache", "holds /var/cache/debconf, a directory of the system"),
        ("/var/lib", "holds /var/lib/dpkg, a directory of the system"),
        ("/var/lib/dpkg", "is a directory of the system"),
        ("/var/lib/dpkg/tmp.ci/x", "lies in /var/lib/dpkg, a directory of the system"),
        ("/opt", "holds the programs of packages that aren't Debian's"),
        ("/var/lib/docker", "holds the programs of containers"),
    ],
)
def test_whatever_holds_programs_is_refused(path: str, what: str, told: Told) -> None:
    (line,) = told(data(path))
    assert line.endswith(
        f": nothing could run in {path}, which {what}: name the directory of the data itself "
        "[noexec-where-packages-run]"
    )


@pytest.mark.parametrize(
    "path",
    [
        *("/srv", "/srv/recordings", "/opt/acd/calls", "/mnt", "/v", "/rootless", "/home"),
        *("/tmp", "/var/tmp", "/dev/shm", "/dev/shm/calls"),
        *("/var/log", "/var/log/audit", "/var/lib/postgresql", "/var/lib/docker/volumes"),
        *("/var/spool", "/var/spool/asterisk", "/var/opt", "/var/mail", "/var/cache/nginx"),
    ],
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
