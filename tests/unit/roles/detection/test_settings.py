import json
from types import SimpleNamespace

import pytest

from roles.detection.settings import Settings


def site(firewall):
    def role(name):
        if firewall is None or name != "firewall":
            raise KeyError(name)
        return SimpleNamespace(administration=firewall)

    keys = [SimpleNamespace(sources=["10.9.0.0/28", "10.0.0.1/32"])]
    hosts = [SimpleNamespace(address=a) for a in ("10.0.0.1", "2001:db8::1", "pbx.example.org")]
    policy = SimpleNamespace(role=role, deploy_access=keys, verify_access=[])
    return SimpleNamespace(policy=policy, hosts=dict(enumerate(hosts)))


def test_hosts_administration_and_declared_networks_are_never_shut_out():
    given = Settings.model_validate_json('{"never": ["198.51.100.0/24"]}')
    assert given.never_banned(site(["10.9.9.9/32"])) == [
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.1/32",
        "2001:db8::1/128",
        "10.9.9.9/32",
        "10.9.0.0/28",
        "198.51.100.0/24",
    ]


def test_a_house_without_a_firewall_has_no_administration():
    assert "10.9.9.9/32" not in Settings().never_banned(site(None))


def test_jails_go_by_the_policy_and_who_comes_back_is_out_for_a_week():
    given = Settings.model_validate_json('{"attempts": 3, "within_minutes": 1, "ban_minutes": 10}')
    jails = given.own_jails
    assert (jails["sshd"].maxretry, jails["sshd"].findtime, jails["sshd"].bantime) == (3, 60, 600)
    assert jails["recidive"].bantime == 7 * 24 * 3600
    assert set(given.jails_shown) == {"sshd", "pam-generic", "recidive"}


@pytest.mark.parametrize("name", ["../jail", "a b", "-x", "A", ""])
def test_a_jail_of_the_sites_is_the_name_of_a_file(name):
    with pytest.raises(ValueError, match="jails"):
        Settings.model_validate_json(json.dumps({"jails": [name]}))
