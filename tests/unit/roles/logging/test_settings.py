from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.site import Classification, load_site
from ringfence.site.sampling import SAMPLE
from roles.logging.settings import COLLECTOR, Settings, collectors


def host(classification="basic", *groups):
    return SimpleNamespace(
        classification=Classification(classification), in_group=lambda name: name in groups
    )


@pytest.mark.parametrize(
    ("classification", "wanted", "days"),
    [
        ("basic", None, 400),
        ("medium", None, 400),
        ("high", None, 730),
        ("basic", 1000, 1000),
        ("high", 500, 730),
        ("high", 2000, 2000),
    ],
)
def test_logs_are_kept_as_long_as_their_classification_asks(classification, wanted, days):
    assert Settings(retention_days=wanted).days_kept(host(classification)) == days


@pytest.mark.parametrize(
    "wrong",
    [{"retention_days": 399}, {"port": 0}, {"heartbeat_minutes": 11}],
)
def test_less_than_the_standards_ask_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_all_hosts_send_to_the_first_collector():
    hosts = {"pbx1": host("basic", "pbx"), "log1": host("basic", "log_collector")}
    assert collectors(SimpleNamespace(hosts=hosts)) == [hosts["log1"]]


def test_the_flows_of_the_sample_lead_to_the_port_that_the_collector_listens_at():
    site = load_site(SAMPLE)
    leading = {
        flow.source: flow.port
        for flow in site.policy.flows
        if flow.destination == COLLECTOR and flow.port != 22
    }
    assert set(leading) == {group for host in site.hosts.values() for group in host.groups} - {
        COLLECTOR
    }
    assert set(leading.values()) == {str(Settings().port)}
