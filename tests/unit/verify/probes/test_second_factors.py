from types import SimpleNamespace

import pytest

from ringfence.verify.probes.pam_stacks import Entry
from ringfence.verify.probes.second_factors import (
    demanding,
    folders,
    owners_and_modes,
    second_factors,
    ways_round,
)


def module(name, *arguments):
    return Entry(name, arguments, (), "sshd:1")


def test_only_modules_of_second_factors_demand_one():
    stack = [module("pam_unix", "nullok"), module("pam_oath")]
    assert demanding(stack) == stack[1:]


@pytest.mark.parametrize(
    "argument", ["nullok", "grace_period=300", "nouserok", "allow_readonly", "no_strict_owner"]
)
def test_arguments_that_lead_round_it(argument):
    assert ways_round([module("pam_google_authenticator", "user=root", argument)]) == [argument]


def test_arguments_that_do_not():
    assert ways_round([module("pam_google_authenticator", "noskewadj", "secret=/nullok")]) == []


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (("pam_google_authenticator", "secret=/etc/totp/${USER}"), "/etc/totp"),
        (("pam_google_authenticator", "secret=/etc/totp/%u"), "/etc/totp"),
        (("pam_google_authenticator",), "~/.google_authenticator"),
        (("pam_oath", "usersfile=/etc/users.oath"), "/etc/users.oath"),
    ],
)
def test_where_second_factors_are_kept(written, place):
    assert folders([module(*written)]) == [place]


@pytest.fixture
def here():
    """This machine, as a host."""
    import subprocess

    def check_output(command):
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True).stdout.strip()

    return SimpleNamespace(check_output=check_output)


def test_options_are_read_and_nothing_else(here, tmp_path):
    folder = tmp_path / "it's"
    folder.mkdir()
    lines = ["CANARY", '" RATE_LIMIT 3 30 17', '" DISALLOW_REUSE 5 6', '" TOTP_AUTH', "12345678"]
    (folder / "ana").write_text("\n".join(lines))
    (folder / "bruno").write_text('CANARY\n" WINDOW_SIZE 17\n')
    ana, bruno = second_factors(here, str(folder))
    assert (ana.account, ana.codes_work_once, ana.window, ana.attempts_a_minute) == (
        "ana",
        True,
        3,
        6,
    )
    assert (bruno.codes_work_once, bruno.window) == (False, 17)
    assert bruno.attempts_a_minute == float("inf")
    assert "CANARY" not in repr([ana, bruno])


def test_an_empty_folder_has_none(here, tmp_path):
    assert second_factors(here, str(tmp_path)) == []


def test_owners_are_told_all_the_way_up(here, tmp_path):
    (tmp_path / "ana").touch(mode=0o600)
    found = owners_and_modes(here, [str(tmp_path)])
    paths = [line.split(" ", 2)[2] for line in found]
    assert set(paths) == {*map(str, tmp_path.parents), str(tmp_path), str(tmp_path / "ana")}
