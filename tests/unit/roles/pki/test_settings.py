"""Which certificates of other authorities a host may have."""

import pytest
from pydantic import ValidationError

from ringfence.site import find_house, load_site
from ringfence.site.sampling import SAMPLE
from roles.pki.settings import Settings

ENTRY = {"path": "/etc/a/sip.pem", "groups": ["pbx"], "owner": "ana", "purpose": "SIP over TLS"}


@pytest.fixture(scope="module")
def hosts():
    return load_site(SAMPLE, house=find_house(SAMPLE)).hosts


def test_a_host_may_have_those_of_its_groups(hosts):
    settings = Settings(certificates=[ENTRY, {**ENTRY, "path": "/etc/b", "groups": ["all"]}])
    for host in hosts.values():
        wanted = ["/etc/a/sip.pem"] if host.in_group("pbx") else []
        assert settings.declared_on(host) == [*wanted, "/etc/b"]


def test_nothing_is_removed_unless_it_is_said():
    assert Settings().undeclared == "report"


@pytest.mark.parametrize(
    "path", ["/srv/sip.pem", "/etc", "/etc/ssl/certs/sip.pem", "/etc/ringfence/pki/host.pem"]
)
def test_an_entry_for_a_place_where_nothing_is_looked_for_is_refused(path):
    with pytest.raises(ValidationError, match="is declared in vain"):
        Settings(certificates=[{**ENTRY, "path": path}])


@pytest.mark.parametrize("change", [{"path": "sip.pem"}, {"groups": []}, {"owner": "Ana Ruiz"}])
def test_an_entry_without_a_place_a_group_or_an_owner_is_refused(change):
    with pytest.raises(ValidationError):
        Settings(certificates=[{**ENTRY, **change}])
