from types import SimpleNamespace

import pytest

from ringfence.verify.probes.session_limits import (
    seconds,
    shell_timeouts,
    timeout_of_login_shells,
)


@pytest.mark.parametrize(
    ("text", "wanted"), [("90", 90), ("15m", 900), ("1h30m", 5400), ("1D", 86400), ("0", 0)]
)
def test_a_time_is_read_as_sshd_does(text, wanted):
    assert seconds(text) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("session:shell=15m", 900),
        ("session:*=10m session:shell=1h", 600),
        ("agent-connection=5m *=20m", 1200),
        ("x11-connection=5m", None),
        ("session:shell=0", None),
        ("none", None),
    ],
)
def test_the_first_matching_channel_type_limits_a_shell(value, wanted):
    by_connection = {"somebody": {"channeltimeout": [value]}, "else": {}}
    assert shell_timeouts(SimpleNamespace(by_connection=by_connection)) == [wanted, None]


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        ('declare -rx TMOUT="900"\ndeclare -ir UID="0"', 900),
        ('declare -r TMOUT="600"', 600),
        ('declare -x TMOUT="900"', 0),
        ("", 0),
    ],
)
def test_only_a_timeout_that_users_cannot_change_counts(shown, wanted):
    host = SimpleNamespace(run=lambda _command: SimpleNamespace(stdout=shown))
    assert timeout_of_login_shells(host) == wanted
