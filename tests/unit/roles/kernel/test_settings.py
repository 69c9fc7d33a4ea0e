import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.kernel import settings as module
from roles.kernel.settings import Settings

HOUSE = find_house(Path(module.__file__))


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def values(settings, *groups):
    return {one.name: one.values for one in settings.sysctls_of(host(*groups))}


def test_hosts_on_several_networks_take_packets_by_any_of_them():
    assert values(Settings(), "pbx")["net.ipv4.conf.*.rp_filter"] == ("2", "1")
    assert values(Settings(), "vpn_gateway")["net.ipv4.conf.*.rp_filter"] == ("2", "1")
    assert values(Settings(), "recordings")["net.ipv4.conf.*.rp_filter"] == ("1",)


def test_browsers_of_agents_have_their_sandbox():
    assert values(Settings(), "agents")["kernel.unprivileged_userns_clone"] == ("1",)
    assert values(Settings(), "pbx")["kernel.unprivileged_userns_clone"] == ("0",)


def test_advertisements_of_routers_are_for_the_groups_that_say_so():
    settings = Settings.model_validate({"router_advertisements": ["agents"]})
    assert "net.ipv6.conf.*.accept_ra" not in values(settings, "agents")
    assert values(settings, "pbx")["net.ipv6.conf.*.accept_ra"] == ("0",)


@pytest.mark.parametrize("groups", [(), ("pbx",), ("vpn_gateway",), ("agents",)])
def test_forwarding_and_real_time_are_left_alone(groups):
    names = " ".join(values(Settings(), *groups))
    assert "forward" not in names
    assert "sched_rt" not in names
    assert "mem_max" not in names


def test_a_needed_module_can_be_loaded_on_the_hosts_of_its_groups():
    need = {"groups": ["pbx"], "module": "sctp", "purpose": "SS7"}
    settings = Settings.model_validate({"modules": [need]})
    assert "sctp" not in settings.modules_of(host("pbx"))
    assert "sctp" in settings.modules_of(host("agents"))


def test_programs_run_where_the_site_says_so():
    need = {"groups": ["pbx"], "path": "/tmp", "purpose": "an old program"}
    settings = Settings.model_validate({"executable": [need]})
    assert settings.mounts_of(host("pbx"))["/tmp"] == ("nodev", "nosuid")
    assert "noexec" in settings.mounts_of(host("agents"))["/tmp"]
    assert settings.mounts_of(host())["/home"] == ("nodev", "nosuid")


@pytest.mark.parametrize("path", ["srv", "/srv/", "/srv/../etc", "/a b", "/a;b"])
def test_a_directory_is_named_plainly(path):
    with pytest.raises(ValidationError):
        Settings.model_validate({"data_mounts": [{"groups": ["all"], "path": path}]})


def test_all_default_and_each_interface_are_set():
    text = render(
        HOUSE.templates_dir("kernel"), "sysctl.conf", sysctls=Settings().sysctls_of(host())
    )
    for word in ("all", "default", "*"):
        assert f"\nnet.ipv4.conf.{word}.rp_filter = 1\n" in text
    assert "\nkernel.kptr_restrict = 2\n" in text


def test_the_mounts_are_shell():
    text = render(HOUSE.templates_dir("kernel"), "mounts", mounts=Settings().mounts_of(host()))
    outcome = subprocess.run(
        ["shellcheck", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout


def test_core_dumps_are_for_the_groups_that_say_so():
    settings = Settings.model_validate({"core_dumps": ["pbx"]})
    assert settings.may_dump(host("pbx"))
    assert not settings.may_dump(host("agents"))
    assert not Settings().may_dump(host("pbx"))


def test_mount_units_are_called_as_systemd_calls_them():
    paths = ["/tmp", "/var/tmp", "/dev/shm", "/srv/call-data"]
    assert module.mount_units(paths) == [
        "tmp.mount",
        "var-tmp.mount",
        "dev-shm.mount",
        "srv-call\\x2ddata.mount",
    ]
