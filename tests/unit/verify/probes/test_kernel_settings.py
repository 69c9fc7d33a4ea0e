from types import SimpleNamespace

import pytest

from ringfence.verify.probes import kernel_settings
from ringfence.verify.probes.kernel_settings import Line

FILES = """\
# /usr/lib/sysctl.d/50-default.conf
net.ipv4.conf.default.rp_filter = 2
net.ipv4.conf.*.rp_filter = 2
-net.ipv4.conf.all.rp_filter

# /etc/sysctl.d/zz-a.conf
; a comment
net/ipv4/conf/eth0.5/rp_filter=0
net.ipv4.conf.*.rp_filter = 1
-kernel.sysrq = 0
"""


def host(files=FILES, old=""):
    return SimpleNamespace(
        check_output=lambda *_a: files, run=lambda *_a: SimpleNamespace(stdout=old, rc=0)
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net/ipv4/conf/eth1/rp_filter", "1"),
        ("net/ipv4/conf/eth0.5/rp_filter", "0"),
        ("net/ipv4/conf/default/rp_filter", "2"),
        ("net/ipv4/conf/all/rp_filter", None),
        ("kernel/sysrq", "0"),
        ("kernel/kptr_restrict", None),
    ],
)
def test_a_name_wins_over_a_pattern_and_what_comes_later_over_what_was_before(name, value):
    line = kernel_settings.winner(kernel_settings.at_boot(host()), name)
    assert (line and line.value) == value


def test_the_file_that_wins_is_named():
    line = kernel_settings.winner(kernel_settings.at_boot(host()), "net/ipv4/conf/eth1/rp_filter")
    assert line == Line("net/ipv4/conf/*/rp_filter", "1", "/etc/sysctl.d/zz-a.conf")


def test_what_the_boot_does_not_read_vanishes():
    lines = kernel_settings.at_boot(host())
    old = "kernel.sysrq = 0\nvm.swappiness = 10\n"
    assert kernel_settings.vanishing(host(old=old), lines) == ["vm.swappiness = 10"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.conf.eth0/5.rp_filter", "net/ipv4/conf/eth0.5/rp_filter"),
        ("net/ipv4/conf/eth0.5/rp_filter", "net/ipv4/conf/eth0.5/rp_filter"),
        ("kernel.sysrq", "kernel/sysrq"),
    ],
)
def test_names_are_written_with_dots_or_slashes(name, path):
    assert kernel_settings.slashed(name) == path


def test_settings_are_asked_by_name():
    assert kernel_settings.now(host(old="kernel/sysrq 0\na b c\n"), ["kernel.sysrq"]) == {
        "kernel/sysrq": "0",
        "a": "b c",
    }
