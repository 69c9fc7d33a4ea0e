from types import SimpleNamespace

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
