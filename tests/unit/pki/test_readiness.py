"""A site whose hosts need an authority, and has none."""

import dataclasses

import pytest

from ringfence.errors import UsageError
from ringfence.pki import readiness as module
from ringfence.pki.issuing import Issuing
from ringfence.site import House, load_site


class WithRole(House):
    """The house with the role in its table, which gives it to the hosts of one group."""

    @property
    def roles(self):
        return {"identity": ["all"], "pki": ["pbx"]}


@pytest.fixture
def site(folder):
    loaded = load_site(folder)
    return dataclasses.replace(loaded, house=WithRole(loaded.house.root))


def hosts(site, *, served):
    return [host for host in site.hosts.values() if host.in_group("pbx") is served]


@pytest.mark.parametrize("roles", [None, "identity, pki"])
def test_hosts_that_need_an_authority_are_refused_where_there_is_none(site, roles):
    with pytest.raises(UsageError, match="no authority yet; `ringfence pki init` makes it"):
        module.demand_authority(site, hosts(site, served=True), roles)
    Issuing(site).begin()
    module.demand_authority(site, hosts(site, served=True), roles)


def test_others_are_not(site):
    module.demand_authority(site, hosts(site, served=False), None)
    module.demand_authority(site, hosts(site, served=True), "identity")


def test_the_check_tells_it_once(site):
    (warning,) = module.warnings(site)
    assert "authority.pem" in str(warning)
    assert "ringfence pki init" in str(warning)
    Issuing(site).begin()
    assert module.warnings(site) == []


def test_a_site_without_the_role_needs_none(folder):
    loaded = load_site(folder)
    without = {role: groups for role, groups in loaded.house.roles.items() if role != "pki"}

    class Without(House):
        roles = without

    other = dataclasses.replace(loaded, house=Without(loaded.house.root))
    assert module.warnings(other) == []
    module.demand_authority(other, other.hosts.values(), None)
