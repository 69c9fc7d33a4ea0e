import json
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.archive.site import retention_of
from ringfence.site import Classification
from roles.log_collector.archive import configuration
from roles.log_collector.settings import Settings, days_kept


def host(level):
    return SimpleNamespace(classification=Classification(level))


def policy(days=None):
    if days is None:
        return SimpleNamespace()
    return SimpleNamespace(logging=SimpleNamespace(days_kept=lambda _host: days))


@pytest.mark.parametrize(
    ("level", "decided", "days"),
    [("basic", None, 400), ("high", None, 730), ("high", 500, 730), ("medium", 500, 500)],
)
def test_files_are_kept_as_the_policy_says_and_never_shorter_than_the_level_demands(
    level, decided, days
):
    assert days_kept(policy(decided), host(level)) == days
    # What the verifier demands is worked out apart, and must not be less.
    assert retention_of(SimpleNamespace(policy=policy(decided)), host(level)) == days


def test_files_of_hosts_that_left_the_site_are_kept_the_longest():
    site = SimpleNamespace(policy=policy(), hosts={"pbx1": host("medium"), "db1": host("high")})
    text = configuration(SimpleNamespace(site=site))
    assert json.loads(text)["retention_days"] == {"hosts": {"db1": 730, "pbx1": 400}, "others": 730}
    assert text == configuration(SimpleNamespace(site=site))


@pytest.mark.parametrize(("decided", "days"), [(None, 730), (1100, 1100)])
def test_a_host_that_left_a_site_may_have_been_classified_high(decided, days):
    site = SimpleNamespace(policy=policy(decided), hosts={"agent1": host("medium")})
    kept = json.loads(configuration(SimpleNamespace(site=site)))["retention_days"]
    assert kept["others"] == days


@pytest.mark.parametrize("time", ["24:00", "7:30", "00:20:00", "soon"])
def test_a_time_that_is_none_is_refused(time):
    with pytest.raises(ValidationError):
        Settings.model_validate({"close_time": time})
