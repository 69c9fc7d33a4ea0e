import pytest

from ringfence.guard.coverage import Coverage, chosen_dangers, dangerous_roles, followers, together
from ringfence.site import House, SiteError


@pytest.fixture
def house(tmp_path):
    """A house with a dangerous role and a harmless one; returns how to write guard.yml."""
    for role in ("ssh", "identity"):
        (tmp_path / "roles" / role).mkdir(parents=True)
        (tmp_path / "roles" / role / "__init__.py").touch()
    (tmp_path / "roles/roles.yml").write_text("identity: [all]\nssh: [pbx]\n")

    def write(text):
        (tmp_path / "roles/ssh/guard.yml").write_text(text)
        return House(tmp_path)

    return write


def test_a_role_with_a_guard_yml_is_dangerous(house):
    found = dangerous_roles(house("paths: [/etc/ssh]\nservices: [ssh.service]\n"))
    assert list(found) == ["ssh"]
    assert found["ssh"].paths == ["/etc/ssh"]


def test_only_the_chosen_roles_of_the_host_count(house):
    known = house("rulesets: true\n")

    class Pbx:
        groups = ("pbx",)

    class Agent:
        groups = ("agents",)

    assert list(chosen_dangers(known, Pbx, None)) == ["ssh"]
    assert list(chosen_dangers(known, Pbx, "identity, ssh")) == ["ssh"]
    assert chosen_dangers(known, Pbx, "identity") == {}
    assert chosen_dangers(known, Agent, "ssh") == {}


def test_a_role_that_follows_is_no_danger_and_comes_back_whatever_is_chosen(house):
    known = house("follows: true\npaths: [/var/lib/ringfence/integrity]\n")

    class Pbx:
        groups = ("pbx",)

    class Agent:
        groups = ("agents",)

    assert dangerous_roles(known) == chosen_dangers(known, Pbx, None) == {}
    assert [one.paths for one in followers(known, Pbx)] == [["/var/lib/ringfence/integrity"]]
    assert followers(known, Agent) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path: [/etc/ssh]\n", "did you mean 'paths'"),
        ("paths: [/etc]\n", "is too much to put back"),
        ("paths: [/var/lib/ringfence/guard]\n", "is too much to put back"),
        ("paths: [/etc/../root/x]\n", "must be a plain absolute path"),
        ("paths: [/etc/ssh/]\n", "must be a plain absolute path"),
        ("paths: [/run/sshd]\n", "is not on a disk"),
        ("paths: ['/etc/a b']\n", "must be of the form"),
        ("services: [ssh]\n", "must be of the form"),
        ("settings: ['net.ipv4 conf']\n", "must be of the form"),
        ("paths: [/var/lib/ringfence]\n", "is too much to put back"),
        ("paths: [/var/lib/ringfence/states/log]\n", "is too much to put back"),
        ("decides_access: true\n", "covers nothing"),
        ("follows: true\nservices: [a.service]\n", "it can cover paths alone"),
        ("follows: true\ndecides_access: true\npaths: [/a/b]\n", "can't decide access"),
    ],
)
def test_a_wrong_guard_yml_is_refused_with_its_place(house, text, message):
    with pytest.raises(SiteError, match=r"roles/ssh/guard\.yml:1") as error:
        dangerous_roles(house(text))
    assert message in str(error.value)


def test_coverages_are_put_together_without_repetition():
    found = together(
        [
            Coverage(paths=["/etc/ssh/sshd_config", "/etc/group"], services=["ssh.service"]),
            Coverage(settings=["net.ipv4.conf.*.rp_filter"]),
            Coverage(paths=["/etc/ssh", "/etc/group"], services=["ssh.service"], rulesets=True),
        ]
    )
    assert found.paths == ["/etc/group", "/etc/ssh"]
    assert found.services == ["ssh.service"]
    assert found.rulesets
    assert found.settings == ["net.ipv4.conf.*.rp_filter"]


def test_the_host_reads_one_thing_a_line():
    coverage = Coverage(
        paths=["/etc/ssh", "~/.ssh/authorized_keys"],
        services=["ssh.service"],
        settings=["net.ipv4.conf.*.rp_filter"],
    )
    assert coverage.lines("deploy").splitlines() == [
        "path /etc/ssh",
        "home deploy .ssh/authorized_keys",
        "service ssh.service",
        "setting net.ipv4.conf.*.rp_filter",
    ]
