"""About 150 checks with stock testinfra modules, none of which needs root: nobody pays for sudo."""

import pytest

from ringfence.verify import control

FILES = [f"/etc/bench/{number:02}.conf" for number in range(24)]
DIRECTORIES = [f"/srv/bench/{number:02}" for number in range(8)]
SYSTEM_FILES = [
    *("/etc/passwd", "/etc/group", "/etc/fstab", "/etc/hosts", "/etc/hostname", "/etc/issue"),
    *("/etc/login.defs", "/etc/nsswitch.conf", "/etc/profile", "/etc/services", "/etc/protocols"),
    *("/etc/shells", "/etc/bash.bashrc", "/etc/crontab", "/etc/ssh/sshd_config", "/etc/sysctl.d"),
]
PACKAGES = [
    *("bc", "cron", "iproute2", "less", "nftables", "procps", "apt", "base-files", "bash"),
    *("coreutils", "dpkg", "grep", "sed", "sudo", "openssh-server", "openssh-client", "systemd"),
    *("udev", "tzdata", "libc6", "login", "passwd", "mount", "perl-base", "util-linux"),
]
TIMERS = ["bench-first.timer", "bench-second.timer", "bench-third.timer"]
SERVICES = ["ssh", "dbus", "systemd-networkd", "systemd-journald", "systemd-logind"]
GROUPS = [f"bench{number}" for number in range(5)]
ACCOUNTS = ["bench-reader", "bench-writer", "bench-keeper", "root", "daemon", "nobody", "deploy"]
PROGRAMS = [
    *("awk", "bc", "find", "grep", "head", "less", "ps"),
    *("sed", "sort", "sudo", "tail", "tar", "uname"),
]
SYSCTLS = {
    "net.ipv4.conf.all.accept_source_route": 0,
    "net.ipv4.conf.all.log_martians": 1,
    "net.ipv4.conf.all.secure_redirects": 0,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.icmp_echo_ignore_broadcasts": 1,
}


@control("BEN-01")
@pytest.mark.parametrize("path", FILES + SYSTEM_FILES)
def test_only_root_writes_to_a_file(host, expect, path):
    file = host.file(path)
    expect(f"owner of {path}", file.user, equals="root")
    expect(f"mode of {path}", file.mode & 0o022, equals=0)


@control("BEN-01")
@pytest.mark.parametrize("path", FILES)
def test_a_file_has_its_settings(host, expect, path):
    expect(path, host.file(path).contains("setting19 = value 19"), equals=True)


@control("BEN-01")
@pytest.mark.parametrize("path", DIRECTORIES)
def test_a_directory_is_there(host, expect, path):
    expect(f"a directory {path}", host.file(path).is_directory, equals=True)


@control("BEN-02")
@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_installed(host, expect, name):
    expect(f"package {name} is installed", host.package(name).is_installed, equals=True)


@control("BEN-02")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_found(host, expect, name):
    expect(f"program {name}", host.exists(name), equals=True)


@control("BEN-03")
@pytest.mark.parametrize("unit", TIMERS + SERVICES)
def test_a_unit_runs(host, expect, unit):
    expect(f"{unit} runs", host.service(unit).is_running, equals=True)


@control("BEN-03")
@pytest.mark.parametrize("unit", TIMERS)
def test_a_timer_is_enabled(host, expect, unit):
    expect(f"{unit} is enabled", host.service(unit).is_enabled, equals=True)


@control("BEN-04")
@pytest.mark.parametrize("name", GROUPS)
def test_a_group_exists(host, expect, name):
    expect(f"group {name} exists", host.group(name).exists, equals=True)


@control("BEN-04")
@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_account_has_a_home(host, expect, name):
    expect(f"home of {name}", host.user(name).home, matches="^/")


@control("BEN-04")
@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_account_has_a_shell(host, expect, name):
    expect(f"shell of {name}", host.user(name).shell, matches="^/")


@control("BEN-05")
@pytest.mark.parametrize("name", SYSCTLS)
def test_the_kernel_has_a_setting(host, expect, name):
    expect(name, host.sysctl(name), equals=SYSCTLS[name])


@control("BEN-05")
@pytest.mark.parametrize("name", SYSCTLS)
def test_a_setting_is_kept(host, expect, name):
    kept = host.file("/etc/sysctl.d/90-bench.conf")
    expect(name, kept.contains(f"^{name}"), equals=True)
