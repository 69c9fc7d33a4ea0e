"""What `ringfence doctor` finds on this computer; hosts are asked in the lab's tests."""

import json
import re
import shutil
import subprocess

import pyrage
import pytest

from ringfence import doctor
from ringfence.cli import run
from ringfence.doctor import State, of_here, of_host
from ringfence.guard.preflight import FARTHEST_CLOCK, Findings
from ringfence.pki.issuing import Issuing
from ringfence.site import load_site

ROOM = "/|1000000|4096|100000|200000\n"


@pytest.fixture
def folder(sealed_site):
    """The sample's site in a folder of its own: an authority, a key, and the keys of its hosts."""
    path = sealed_site
    Issuing(load_site(path)).begin()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path / "key"], check=True)
    hosts = path / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("\nssh:\n", "\nssh:\n  identity_file: key\n", 1))
    public = " ".join((path / "key.pub").read_text().split()[:2])
    names = [str(host.address) for host in load_site(path).hosts.values()]
    (path / "known_hosts").write_text("".join(f"{name} {public}\n" for name in names))
    return path


def here(folder, state):
    site = load_site(folder)
    found = list(of_here(site, list(site.hosts.values()), folder / "runs"))
    return [finding.text for finding in found if finding.state is state]


def problems(folder):
    return here(folder, State.PROBLEM)


def test_nothing_is_wrong_with_a_sound_site(folder):
    assert problems(folder) == []


def test_a_key_that_others_may_read_is_a_problem(folder):
    (folder / "key").chmod(0o640)
    (sentence,) = problems(folder)
    assert sentence == f"{folder}/key: others may use this private key (mode 0640): chmod 600 it"


def test_a_key_that_is_not_there_is_a_problem(folder):
    (folder / "key").unlink()
    assert problems(folder) == [f"{folder}/key: the key isn't there (identity_file)"]


def test_a_private_key_in_git_is_a_problem_also_when_nothing_names_it(folder):
    (folder / "old").mkdir()
    (folder / "key").rename(folder / "old" / "spare")
    shutil.copy(folder / "old" / "spare", folder / "key")
    subprocess.run(["git", "-C", folder, "init", "-q"], check=True)
    assert problems(folder) == []
    subprocess.run(["git", "-C", folder, "add", "old"], check=True)
    (sentence,) = problems(folder)
    assert sentence.startswith(f"{folder}/old/spare: this private key is in git")


def test_a_host_without_a_known_key_is_a_problem(folder):
    lines = (folder / "known_hosts").read_text().splitlines(keepends=True)
    (folder / "known_hosts").write_text("".join(lines[1:]))
    (sentence,) = problems(folder)
    assert "known_hosts has no key of bastion1 (10.20.0.11)" in sentence
    (folder / "known_hosts").unlink()
    assert len(problems(folder)) == len(load_site(folder).hosts)


def test_only_what_was_looked_at_is_said_to_be_fine(folder):
    def fine():
        (text,) = here(folder, State.OK)
        return text

    assert fine().endswith("every host has a key in known_hosts")
    (folder / "ssh_config").write_text("")
    hosts = folder / "hosts.yml"
    hosts.write_text(re.sub(r", via: \w+|ssh: {via: \w+}", "", hosts.read_text()))
    own = "\nssh:\n  config_file: ssh_config\n"
    hosts.write_text(hosts.read_text().replace("\nssh:\n", own, 1))
    assert "known_hosts" not in fine()


def test_records_of_runs_are_not_searched_for_keys(folder):
    (folder / "runs" / "1").mkdir(parents=True)
    shutil.copy(folder / "key", folder / "runs" / "1" / "key")
    (folder / "runs" / "1" / "key").chmod(0o644)
    assert problems(folder) == []
    (folder / "more").mkdir()
    shutil.copy(folder / "runs" / "1" / "key", folder / "more" / "key")
    assert len(problems(folder)) == 1


def test_runs_that_cannot_be_kept_are_a_problem(folder):
    (folder / "runs").write_text("")
    assert problems(folder) == [f"{folder}/runs: is no folder, so no run can be kept there"]


def test_a_site_to_which_nothing_can_be_applied_is_a_problem(folder):
    (folder / "pki" / "authority.pem").unlink()
    (folder / "inventory.py").unlink()
    inventory, authority = problems(folder)
    assert f"{folder}/inventory.py:1:1: is missing, so nothing can be applied" in inventory
    assert re.search(r"authority\.pem.*is missing, so nothing.*ringfence pki init", authority)
    assert here(folder, State.OK) == []


def test_who_has_no_second_factor_is_told(folder):
    told = [text for text in here(folder, State.WARNING) if "has no second factor" in text]
    assert told
    assert all("ringfence people enrol" in text for text in told)


def test_all_that_check_warns_of_is_told(folder, capsys):
    (folder / "pki" / "authority.pem").unlink()
    (folder / "inventory.py").unlink()
    assert run(["check", str(folder), "--json"]) == 0
    warned = json.loads(capsys.readouterr().out)["warnings"]
    told = [*here(folder, State.WARNING), *problems(folder)]
    assert warned
    assert all(any(one["message"] in text for text in told) for one in warned)


def test_secrets_that_cannot_be_opened_are_told_once(folder, tmp_path, monkeypatch):
    def told():
        return [text for text in here(folder, State.WARNING) if "isn't known" in text]

    assert told() == []
    (tmp_path / "other").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    monkeypatch.setenv("RINGFENCE_IDENTITY", str(tmp_path / "other"))
    (text,) = told()
    assert text.startswith("the secrets can't be opened, so nothing can be signed")
    assert text.endswith("is not encrypted to any of your identities that have no passphrase")
    monkeypatch.delenv("RINGFENCE_IDENTITY")
    (text,) = told()
    assert "no identity to open the secrets with" in text
    (folder / "secrets.yml.age").unlink()
    assert told() == []


@pytest.mark.parametrize(
    ("lag", "told"),
    [
        (doctor.NOTABLE_LAG, []),
        (-doctor.NOTABLE_LAG - 0.5, ["its clock is -2 seconds off"]),
        (40.4, ["its clock is +40 seconds off"]),
        (FARTHEST_CLOCK, ["its clock is +300 seconds off"]),
        (FARTHEST_CLOCK + 1, []),
    ],
)
def test_a_clock_that_is_off_is_told(folder, monkeypatch, lag, told):
    found = Findings("debian 13", lag, ROOM, "", "", {"state": "idle"})
    monkeypatch.setattr(doctor.preflight, "ask", lambda _channel: found)
    site = load_site(folder)
    findings = list(of_host(site, site.host("bastion1")))
    assert [each.text for each in findings if each.state is State.WARNING] == told
    refused = [each.text for each in findings if "minutes ahead" in each.text]
    assert len(refused) == (lag > FARTHEST_CLOCK)


def test_a_missing_program_names_its_package(folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = problems(folder)
    assert "the program ssh is missing: apt-get install openssh-client" in found
    assert "the program git is missing: apt-get install git" in found


def test_a_host_that_does_not_answer_is_1_and_says_why(folder, capsys):
    for file in (folder / "hosts.yml", folder / "policy.yml"):
        file.write_text(file.read_text().replace("10.20.0.11", "127.0.0.1"))
    assert run(["doctor", str(folder), "--limit", "bastion1", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    wrong = [one for one in found if one["state"] != "warning"]
    about = [(one["about"], one["state"]) for one in wrong]
    assert about == [("here", "problem"), ("bastion1", "problem")]
    assert wrong[0]["text"].endswith("has no key of bastion1 (127.0.0.1)")
    assert wrong[1]["text"].startswith("does not answer: ")
