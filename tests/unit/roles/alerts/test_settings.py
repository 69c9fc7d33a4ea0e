import json
from types import SimpleNamespace

import pytest

from roles.alerts.settings import Settings

MAIL = {"name": "soc", "server": "mail.example.org", "sender": "r@example.org", "to": ["a@b.org"]}
HOOK = {"name": "chat", "url": "https://hooks.example.org/x"}


def given(**values):
    return Settings.model_validate_json(json.dumps(values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mail": [{**MAIL, "user": "a"}]}, "one of user and password"),
        ({"mail": [{**MAIL, "password": "a"}]}, "one of user and password"),
        (
            {"mail": [{**MAIL, "user": "a", "password": "b", "security": "none"}]},
            "in the clear",
        ),
        ({"mail": [{**MAIL, "to": []}]}, "at least 1"),
        ({"mail": [{**MAIL, "to": ["Ana <ana@example.org>"]}]}, "address of mail alone"),
        ({"mail": [{**MAIL, "sender": "a@b\nBcc: x"}]}, "address of mail alone"),
        ({"mail": [MAIL], "webhooks": [{**HOOK, "name": "soc"}]}, "two channels called 'soc'"),
        ({"webhooks": [{**HOOK, "url": "ftp://example.org"}]}, "must begin with https"),
        ({"webhooks": [{**HOOK, "url": "https://a:b@example.org/"}]}, "must end with its path"),
        ({"webhooks": [{**HOOK, "url": "https://example.org/?t=1"}]}, "must end with its path"),
        ({"webhooks": [{**HOOK, "url": "https://example.org:x/"}]}, "is no URL"),
        ({"webhooks": [{**HOOK, "url": "http://example.org", "token": "t"}]}, "in the clear"),
        ({"webhooks": [{**HOOK, "tokn": "t"}]}, "Extra inputs"),
        ({"units": [{"unit": "a.timer", "groups": ["all"], "purpose": "x"}]}, "unit"),
    ],
)
def test_what_would_fail_or_leak_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        given(**values)


def test_secrets_are_named_once_and_never_shown():
    hooks = [{**HOOK, "token": "key"}, {**HOOK, "name": "two", "path": "key"}]
    mail = [{**MAIL, "user": "a", "password": "smtp"}]
    settings = given(mail=mail, webhooks=hooks)
    assert settings.secrets == ["smtp", "key"]
    assert [(one["kind"], one["name"]) for one in settings.channels_shown] == [
        ("mail", "soc"),
        ("webhook", "chat"),
        ("webhook", "two"),
    ]


def test_the_sites_own_services_are_watched_on_their_groups_alone():
    unit = {"unit": "acd@.service", "groups": ["pbx"], "purpose": "calls"}
    settings = given(units=[unit])
    pbx = SimpleNamespace(in_group=lambda group: group == "pbx")
    other = SimpleNamespace(in_group=lambda group: False)
    assert "acd@.service" in settings.units_of(pbx)
    assert "acd@.service" not in settings.units_of(other)
