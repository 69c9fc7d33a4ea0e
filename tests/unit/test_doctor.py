"""What `ringfence doctor` finds on this computer; hosts are asked in the lab's tests."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ringfence.cli import run
from ringfence.doctor import State, of_here
from ringfence.site import load_site

SAMPLE = Path(__file__).parents[2] / "inventories" / "example"


@pytest.fixture
def folder(tmp_path):
    """The sample's site in a folder of its own, with a key and with the keys of its hosts."""
    path = tmp_path / "site"
    shutil.copytree(SAMPLE, path)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path / "key"], check=True)
    hosts = path / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("\nssh:\n", "\nssh:\n  identity_file: key\n", 1))
    public = " ".join((path / "key.pub").read_text().split()[:2])
    names = [str(host.address) for host in load_site(path).hosts.values()]
    (path / "known_hosts").write_text("".join(f"{name} {public}\n" for name in names))
    return path


def problems(folder):
    site = load_site(folder)
    found = list(of_here(site, list(site.hosts.values()), folder / "runs"))
    return [finding.text for finding in found if finding.state is State.PROBLEM]


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
        site = load_site(folder)
        (finding,) = of_here(site, list(site.hosts.values()), folder / "runs")
        return finding.text

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
    about = [(one["about"], one["state"]) for one in found]
    assert about == [("here", "problem"), ("bastion1", "problem")]
    assert found[0]["text"].endswith("has no key of bastion1 (127.0.0.1)")
    assert found[1]["text"].startswith("does not answer: ")
