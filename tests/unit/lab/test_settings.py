import textwrap

import pytest

from ringfence.errors import UsageError
from ringfence.lab.settings import load_lab
from ringfence.site.problems import SiteError

HOSTS = """\
name: toy
hosts:
  pbx1: {address: 10.9.0.11, groups: [pbx], classification: medium, owner: ana}
  agent1: {address: 10.9.0.12, groups: [agents], classification: basic, owner: ana}
"""
LAB = """\
name: toy-lab
network: 10.9.0.0/24
hosts:
  pbx1: {kind: machine, debian: 13, disks: [1G]}
  agent1: {kind: container, debian: 12}
"""


@pytest.fixture
def load(tmp_path):
    def write(lab: str = LAB, hosts: str = HOSTS):
        (tmp_path / "lab.yml").write_text(textwrap.dedent(lab))
        (tmp_path / "hosts.yml").write_text(hosts)
        return load_lab(tmp_path)

    return write


def test_a_lab_has_its_hosts_with_addresses_in_order(load):
    plan = load()
    assert plan.name == "toy-lab"
    assert plan.addresses == {"pbx1": "10.9.0.11", "agent1": "10.9.0.12"}
    assert plan.bridge_address == "10.9.0.254/24"
    assert str(plan.interface(plan.hosts["pbx1"])) == "10.9.0.11/24"
    assert plan.hosts["pbx1"].memory == 640


def test_hosts_are_chosen_by_name_in_the_order_of_the_file(load):
    plan = load()
    assert [host.name for host in plan.select(["agent1", "pbx1"])] == ["pbx1", "agent1"]
    assert [host.name for host in plan.select(None)] == ["pbx1", "agent1"]
    with pytest.raises(UsageError, match="did you mean 'pbx1'"):
        plan.select(["pbxx1"])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: machine", "kind: vm", r"lab.yml:4:16: .*'vm'.*machine"),
        ("debian: 13", "debian: 11", r"lab.yml:4:33: .*11"),
        ("disks: [1G]", "disks: [1T]", r"lab.yml:4:45: .*1T"),
        ("disks: [1G]", "disk: [1G]", r"lab.yml:4:37: .*did you mean 'disks'"),
        ("hosts:\n", "inbox: {mail: 25, web: 25}\nhosts:\n", r"lab.yml:3:\d+: .*25 for both"),
        ("hosts:\n", "inbox: {mail: 0}\nhosts:\n", r"lab.yml:3:\d+: .*inbox.mail"),
        ("debian: 12", "debian: 12, memory: 512", r"lab.yml:5:41: .*container has no memory"),
        ("debian: 12", "debian: 12, kernel_line: [a]", r"lab.yml:5:41: .*has no kernel_line"),
        ("disks: [1G]", "kernel_line: ['a b']", r"lab.yml:4:\d+: .*a b"),
        ("  agent1", "  agent2", r"lab.yml:5:3: .*no host 'agent2'.*'agent1'"),
        ("10.9.0.0/24", "10.8.0.0/24", r"10.9.0.11, is not a host's address in 10.8.0.0/24"),
        ("10.9.0.0/24", "8.8.8.0/24", r"lab.yml:2:10: .*private"),
        ("10.9.0.0/24", "10.9.0.1/24", r"lab.yml:2:10: .*not an IPv4 network"),
        ("10.9.0.0/24", "10.9.0.0/28", None),
    ],
)
def test_a_mistake_is_refused_with_its_place(load, old, new, expected):
    if expected is None:
        load(LAB.replace(old, new))
        return
    with pytest.raises(SiteError, match=expected):
        load(LAB.replace(old, new))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("pbx.example.org", "must be an IPv4 address"),
        ("10.9.0.254", "keeps for this machine"),
        ("10.9.0.255", "not a host's address"),
        ("10.9.0.12", "also that of 'pbx1'"),
    ],
)
def test_an_address_that_the_lab_can_not_give_is_refused(load, address, expected):
    with pytest.raises(SiteError, match=expected):
        load(hosts=HOSTS.replace("10.9.0.11", address))


def test_all_problems_of_both_files_come_at_once(load):
    with pytest.raises(SiteError) as caught:
        load(LAB.replace("kind: machine", "kind: vm"), HOSTS.replace("owner: ana", "owner: 1"))
    assert len(caught.value.problems) >= 2


def test_a_site_without_a_lab_says_so(tmp_path):
    with pytest.raises(UsageError, match=r"no lab\.yml"):
        load_lab(tmp_path)
    with pytest.raises(UsageError, match="is not a folder"):
        load_lab(tmp_path / "missing")
