import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.archive.site import retention_of
from ringfence.site import Classification, load_site
from ringfence.site.policy import Retention
from roles.log_collector.archive import configuration
from roles.log_collector.settings import Settings, days_kept
from roles.logging.settings import Settings as Logging
from roles.permissions.settings import PLACES, Data
from roles.permissions.settings import Settings as Permissions

HOUSE = Path(__file__).parents[4]


def host(level, *groups, **marks):
    return SimpleNamespace(
        classification=Classification(level),
        groups=list(groups),
        in_group=lambda name: name == "all" or name in groups,
        **{"pci": False, "ephi": False, **marks},
    )


def policy(days=None, accesses=730, data=()):
    logging = {} if days is None else {"logging": Logging(retention_days=days)}
    retention = Retention(access_records_days=accesses)
    return SimpleNamespace(permissions=Permissions(data=list(data)), retention=retention, **logging)


def data(*groups):
    return [Data(path="/srv/crm", groups=list(groups), group="crm")]


def both(policy, host):
    """Return what the collector keeps, and what the verifier demands, which is worked out apart."""
    return days_kept(policy, host), retention_of(SimpleNamespace(policy=policy), host)


@pytest.mark.parametrize(
    ("level", "decided", "days"),
    [("basic", None, 400), ("high", None, 730), ("high", 500, 730), ("medium", 500, 500)],
)
def test_files_are_kept_as_the_policy_says_and_never_shorter_than_the_level_demands(
    level, decided, days
):
    assert both(policy(decided), host(level)) == (days, days)


@pytest.mark.parametrize(
    ("one", "declared"),
    [
        (host("high"), ()),
        (host("basic", pci=True), ()),
        (host("basic", ephi=True), ()),
        *((host("medium", group), ()) for group in PLACES),
        (host("medium", "recordings"), data("recordings")),
        (host("basic", "crm"), data("crm")),
        (host("basic", "crm"), data("all")),
    ],
)
def test_files_of_a_host_with_a_record_of_accesses_are_kept_as_long_as_that_record(one, declared):
    assert both(policy(None, 3650, declared), one) == (3650, 3650)
    assert both(policy(4000, 3650, declared), one) == (4000, 4000)
    least = 730 if one.classification == "high" else 400
    assert both(policy(None, 30, declared), one) == (least, least)


@pytest.mark.parametrize("groups", [("pbx",), ("agents",), ("bastion", "vpn_gateway"), ("crm",)])
def test_the_record_of_accesses_lengthens_no_other_hosts_files(groups):
    assert both(policy(None, 3650, data("recordings")), host("medium", *groups)) == (400, 400)


@pytest.mark.parametrize("path", ["inventories/example", "inventories/lab"])
def test_the_collector_keeps_what_the_verifier_demands_of_a_whole_site(path):
    site = load_site(HOUSE / path)
    for one in site.hosts.values():
        assert days_kept(site.policy, one) == retention_of(site, one)


def test_files_of_hosts_that_left_the_site_are_kept_the_longest():
    site = SimpleNamespace(policy=policy(), hosts={"pbx1": host("medium"), "db1": host("high")})
    text = configuration(SimpleNamespace(site=site))
    assert json.loads(text)["retention_days"] == {"hosts": {"db1": 730, "pbx1": 400}, "others": 730}
    assert text == configuration(SimpleNamespace(site=site))


@pytest.mark.parametrize(
    ("decided", "accesses", "days"), [(None, 30, 730), (1100, 730, 1100), (None, 3650, 3650)]
)
def test_a_host_that_left_a_site_may_have_been_classified_high(decided, accesses, days):
    site = SimpleNamespace(policy=policy(decided, accesses), hosts={"agent1": host("medium")})
    kept = json.loads(configuration(SimpleNamespace(site=site)))["retention_days"]
    assert kept["others"] == days


@pytest.mark.parametrize("time", ["24:00", "7:30", "00:20:00", "soon"])
def test_a_time_that_is_none_is_refused(time):
    with pytest.raises(ValidationError):
        Settings.model_validate({"close_time": time})
