import pytest
from pydantic import ValidationError

from roles.accounts.settings import Settings

DUTIES = {
    "administrator": {"commands": ["ALL"]},
    "clerk": {"commands": ["/usr/bin/id", "/usr/bin/systemctl restart cron"]},
}


def settings(**more):
    return Settings.model_validate({"duties": DUTIES, **more})


def test_the_defaults_give_nobody_anything():
    assert Settings().commands_of(["administrator"]) == set()
    assert Settings().groups_of(["administrator"]) == []
    assert Settings().strangers == "report"


def test_roles_add_up():
    assert settings().commands_of(["clerk", "administrator", "unknown"]) == {
        *("ALL", "/usr/bin/id", "/usr/bin/systemctl restart cron")
    }
    assert settings().groups_of(["clerk", "clerk", "unknown"]) == ["duty-clerk"]


def test_who_looks_after_the_logs_is_in_the_groups_that_read_them():
    found = settings(log_officers=["officer"]).groups_of(["officer"])
    assert found == ["ringfence-sec", "adm", "systemd-journal"]


def test_nobody_looks_after_the_logs_and_is_root():
    with pytest.raises(ValidationError, match="both look after the logs and be root"):
        settings(log_officers=["administrator"])


@pytest.mark.parametrize(
    "command", ["id", "/bin/*", "/bin/sh, ALL", "!/bin/sh", "ALL ALL", "/bin/a\\b", "all"]
)
def test_a_command_that_allows_more_than_it_shows_is_refused(command):
    with pytest.raises(ValidationError, match="must be ALL, or an absolute path"):
        Settings.model_validate({"duties": {"clerk": {"commands": [command]}}})


@pytest.mark.parametrize("key", ["inactive_days", "password_inactive_days"])
def test_the_limits_of_the_standards_cannot_be_exceeded(key):
    with pytest.raises(ValidationError):
        Settings.model_validate({key: 91})
