"""``ringfence people``: what each command says, keeps, and never shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ringfence.cli
from ringfence.secrets import Vault, second_factors, totp

COMMAND = [sys.executable, "-uc", "from ringfence.cli import main; main()"]


@pytest.fixture
def site(sealed_site):
    """A site with secrets that this user can open; nobody is enrolled."""
    return sealed_site


def enrol(site, name, *options, answers=(totp.code,)):
    """Enrol somebody; each answer is made from the key that was shown, and a time."""
    import time

    with subprocess.Popen(
        [*COMMAND, "people", "enrol", str(site), name, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        shown = "".join(running.stdout.readline() for _ in range(3))
        key = re.search(r"secret=([A-Z2-7]+)", shown)
        given = [answer(key[1], time.time()) for answer in answers] if key else []
        out, err = running.communicate("".join(f"{one}\n" for one in given))
    return running.returncode, shown, out + err


def wrong(_key, _moment):
    return "no code"


def run(capsys, *arguments):
    code = ringfence.cli.run(["people", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_what_was_shown_is_what_is_kept(site, capsys):
    code, shown, said = enrol(site, "ana")
    assert (code, "ana is enrolled" in said) == (0, True)
    kept = second_factors.of(Vault(site).secrets(), "ana")
    assert f"secret={kept.key}" in shown
    assert shown.splitlines()[2].split() == list(kept.recovery_codes)
    assert run(capsys, "list", str(site))[1].splitlines()[0].split() == ["ana", "enrolled"]


def test_nothing_secret_is_said_twice_or_later(site, capsys):
    _, shown, said = enrol(site, "ana")
    kept = second_factors.of(Vault(site).secrets(), "ana")
    _, listed = run(capsys, "list", str(site))
    for secret in (kept.key, *kept.recovery_codes):
        assert shown.count(secret) == 1
        assert secret not in said + listed
        assert secret.encode() not in (site / "secrets.yml.age").read_bytes()


def test_a_wrong_code_is_asked_for_again(site):
    code, _, said = enrol(site, "ana", answers=(wrong, totp.code))
    assert (code, "that is not the code" in said) == (0, True)


def test_without_the_right_code_nothing_is_kept(site):
    code, _, said = enrol(site, "ana", answers=(wrong, wrong, wrong))
    assert (code, "nothing was kept" in said) == (4, True)
    assert not (site / "secrets.yml.age").exists()


def test_a_second_factor_is_replaced_when_that_is_asked_for(site):
    enrol(site, "ana")
    first = second_factors.of(Vault(site).secrets(), "ana")
    code, shown, said = enrol(site, "ana")
    assert (code, shown, "--again" in said) == (4, "", True)
    assert enrol(site, "ana", "--again")[0] == 0
    assert second_factors.of(Vault(site).secrets(), "ana") != first


@pytest.mark.parametrize(
    ("name", "sentence"), [("anna", "did you mean 'ana'"), ("x;y", "is not one of policy.yml's")]
)
def test_a_stranger_is_refused(site, capsys, name, sentence):
    code, said = run(capsys, "enrol", str(site), name)
    assert (code, sentence in said) == (4, True)


def test_somebody_must_be_able_to_open_the_secrets_first(site, capsys):
    Path(site, "secrets.recipients").unlink()
    code, said = run(capsys, "enrol", str(site), "ana")
    assert (code, "add-recipient" in said, "otpauth" in said) == (4, True, False)


def test_who_left_is_listed_too(site, capsys):
    enrol(site, "ana")
    vault = Vault(site)
    gone = second_factors.with_enrolment(
        vault.read(), "zoe", second_factors.Enrolment.new(), "secrets"
    )
    vault.write(gone, replacing=vault.sealed())
    assert "zoe                  enrolled, but none of" in run(capsys, "list", str(site))[1]
    people = json.loads(run(capsys, "list", str(site), "--json")[1])["people"]
    assert people[0] == {"name": "ana", "enrolled": True, "in_policy": True}
    assert people[1]["enrolled"] is False
    assert people[-1] == {"name": "zoe", "enrolled": True, "in_policy": False}


def test_a_terminal_shows_a_picture(site, monkeypatch):
    from ringfence.cli import people

    enrolment = second_factors.Enrolment.new()
    monkeypatch.setattr(people.sys.stdout, "isatty", lambda: True, raising=False)
    shown = people._shown(enrolment, "ana", "center", as_text=False)
    assert "█" in shown
    assert enrolment.key not in shown
    assert "otpauth://" in people._shown(enrolment, "ana", "center", as_text=True)


def test_check_warns_of_who_could_not_log_in(site, capsys):
    assert ringfence.cli.run(["check", str(site)]) == 0
    before = capsys.readouterr().out
    enrol(site, "ana")
    assert ringfence.cli.run(["check", str(site)]) == 0
    after = capsys.readouterr().out
    warned = re.compile(r"warning .*people\.ana.*bastion1.*ringfence people enrol")
    assert (bool(warned.search(before)), bool(warned.search(after))) == (True, False)


def test_check_says_when_it_cannot_know(site, capsys, monkeypatch):
    enrol(site, "ana")
    monkeypatch.delenv("RINGFENCE_IDENTITY")
    assert ringfence.cli.run(["check", str(site)]) == 0
    assert "who has a second factor isn't known here" in capsys.readouterr().out
