"""Planted secrets, sent to a host by a role, are found nowhere but in the file they are for."""

import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from types import SimpleNamespace

import pyrage
import pytest
import yaml

from ringfence import lab as labs
from ringfence.secrets import Vault, totp

ROLE = Path(__file__).parent / "secret_role"
HOST = "agent1"
LARGEST = 64 * 1024 * 1024
SHARED_FOLDERS = ("/dev/shm", "/run/user")
INTERVAL = 0.1

SEARCH = """\
exec 2>/dev/null
journalctl --sync
journalctl --all -o export | grep -qaF -f /dev/fd/3 3<<'END' && echo 'journal'
{patterns}
END
for process in /proc/[0-9]*; do
    grep -qaF -f /dev/fd/3 "$process/environ" 3<<'END' && echo "environment of a process"
{patterns}
END
    grep -qaF -f /dev/fd/3 "$process/cmdline" 3<<'END' && echo "argv of a process"
{patterns}
END
done
grep -rlaF -f /dev/fd/3 /etc /home /opt /root /run /srv /tmp /usr/local /var /dev/shm 3<<'END' |
{patterns}
END
    while read -r path; do echo "$path $(stat -c %a -- "$path")"; done
"""
CLEAN_HOST = (
    "systemctl reset-failed; for process in /proc/[0-9]*; do"
    " grep -qa BADGE_PASSWORD= $process/environ 2>/dev/null && kill ${process#/proc/};"
    " done; rm -rf /etc/badge /etc/badge-is-refused /var/lib/ringfence/previous/etc/badge; true"
)


@pytest.fixture
def planted(lab, tmp_path):
    """A site with secrets, a house with the role that uses them, and what looks for them."""
    house, site = tmp_path / "house", tmp_path / "site"
    for folder in ("roles", "templates", "deploys"):
        shutil.copytree(lab.house / folder, house / folder)
    for folder in ("roles", "templates", "tests"):
        shutil.copytree(ROLE / folder, house / folder, dirs_exist_ok=True)
    (house / "roles/roles.yml").write_text("badge: [agents]\n")
    shutil.copytree(
        lab.path, site, ignore=shutil.ignore_patterns("runs", ".lab", "pki", "secrets.*")
    )
    (site / ".lab").symlink_to(lab.path / ".lab")
    policy = yaml.safe_load((site / "policy.yml").read_text())
    others = {role.name for role in (lab.house / "roles").iterdir()}
    kept = {section: value for section, value in policy.items() if section not in others}
    (site / "policy.yml").write_text(yaml.safe_dump(kept))
    identity = pyrage.x25519.Identity.generate()
    (site / "secrets.recipients").write_text(f"# owner: ana\n{identity.to_public()}\n")
    (tmp_path / "identity").write_text(f"{identity}\n")
    texts = [new_canary(), new_canary()]
    vault = Vault(site, [tmp_path / "identity"])
    content = f"badge_password: '{texts[0]}'\nbadge_key: |\n  begin\n  {texts[1]}\n"
    vault.write(content.encode(), replacing=None)
    for name in ("temporary", "cache"):
        (tmp_path / name).mkdir()
    yield SimpleNamespace(
        site=site,
        house=house,
        texts=texts,
        folder=tmp_path,
        lab=lab,
        since=time.time() - 2,
        wanted=any_form_of(texts),
    )
    lab.run_on(HOST, CLEAN_HOST)


def ringfence(planted, *arguments):
    """Run the command, keep its output in a file, and return its exit code."""
    environment = planted.lab.environment | {
        "RINGFENCE_HOUSE": str(planted.house),
        "RINGFENCE_IDENTITY": str(planted.folder / "identity"),
        "XDG_CACHE_HOME": str(planted.folder / "cache"),
        "TMPDIR": str(planted.folder / "temporary"),
    }
    command, *rest = arguments
    with (planted.folder / f"{command}.{time.monotonic_ns()}.output").open("wb") as output:
        return subprocess.run(
            [
                *(sys.executable, "-c", "from ringfence.cli import main; main()"),
                *(command, str(planted.site), "--limit", HOST, *rest),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=planted.folder,
            env=environment,
            check=False,
        ).returncode


def places(planted, sampler):
    """Return every place where a canary was found, on both sides."""
    folders = [planted.folder, *map(Path, SHARED_FOLDERS)]
    here = in_files(planted.wanted, folders, planted.since)
    relative = {path.removeprefix(f"{planted.folder}/") for path in here}
    return relative | sampler.seen | on_host(planted.lab, HOST, planted.texts)


def test_a_secret_is_nowhere_but_in_its_file(planted):
    with Sampler(planted.wanted) as sampler:
        assert ringfence(planted, "plan") == 2
        assert ringfence(planted, "apply") == 0, outputs(planted)
        assert ringfence(planted, "apply", "--role", "badge") == 0
        planted.lab.run_on(HOST, "rm /etc/badge/password; touch /etc/badge-is-refused")
        assert ringfence(planted, "apply", "--role", "badge") == 1
        planted.lab.run_on(HOST, "rm /etc/badge-is-refused")
        assert ringfence(planted, "apply", "--role", "badge", "--no-verify") == 0
    assert sampler.rounds > 20
    assert places(planted, sampler) == {"/etc/badge/password 600"}


def test_a_plan_masks_a_secret_that_a_role_would_show_to_everybody(planted):
    shutil.copy(ROLE / "public/deploy.py", planted.house / "roles/badge/deploy.py")
    planted.lab.run_on(HOST, f"mkdir -p /etc/badge; echo old={planted.texts[0]} >/etc/badge/public")
    with Sampler(planted.wanted) as sampler:
        assert ringfence(planted, "plan") == 2
        assert ringfence(planted, "plan", "--json") == 2
    assert sampler.rounds > 5
    assert outputs(planted).count("-old=********") == 2
    assert outputs(planted).count("+new=********") == 2
    assert places(planted, sampler) == {"/etc/badge/public 644"}


def test_a_role_that_leaks_is_caught_at_each_leak(planted):
    shutil.copy(ROLE / "leaky/deploy.py", planted.house / "roles/badge/deploy.py")
    shutil.copy(ROLE / "leaky/test_badge.py", planted.house / "tests/baseline/test_badge.py")
    with Sampler(planted.wanted) as sampler:
        ringfence(planted, "plan")
        ringfence(planted, "apply")
    found = places(planted, sampler)
    expected = {
        "argv of a process while it ran",
        "environment of a process while it ran",
        "environment of a process",
        "journal",
        "/etc/badge/password 644",
    }
    assert expected <= found
    for here in ("plan.*.output", "apply.*.output", "temporary/*.leak", "site/runs/*/results.json"):
        assert any(Path(path).match(here) for path in found), (here, found)
    for here in ("apply.log", "snapshot/*.json", "report.html"):
        assert any(Path(path).match(f"site/runs/*/{here}") for path in found), (here, found)


@pytest.fixture
def bastion(planted):
    """The planted site with its host as a bastion, where ana is to have a second factor."""
    (planted.house / "roles/roles.yml").write_text("ssh: [all]\n")
    shutil.copy(planted.lab.house / "tests/baseline/test_ssh.py", planted.house / "tests/baseline")
    hosts = yaml.safe_load((planted.site / "hosts.yml").read_text())
    hosts["hosts"][HOST] |= {"groups": ["bastion"], "classification": "medium"}
    (planted.site / "hosts.yml").write_text(yaml.safe_dump(hosts))
    policy = yaml.safe_load((planted.site / "policy.yml").read_text())
    policy["flows"] = [
        flow for flow in policy["flows"] if "agents" not in (flow["from"], flow["to"])
    ]
    (planted.site / "policy.yml").write_text(yaml.safe_dump(policy))
    yield planted
    labs.reset(planted.lab.path, [HOST], say=print)


def enrol(planted, name):
    """Enrol somebody, look at the process that shows the key meanwhile, and return the key."""
    command = "from ringfence.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-uc", command, "people", "enrol", str(planted.site), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=planted.lab.environment
        | {
            "RINGFENCE_HOUSE": str(planted.house),
            "RINGFENCE_IDENTITY": str(planted.folder / "identity"),
            "TMPDIR": str(planted.folder / "temporary"),
        },
    ) as running:
        shown = "".join(running.stdout.readline() for _ in range(3))
        key = re.search(r"secret=([A-Z2-7]+)", shown)[1]
        for file in ("cmdline", "environ"):
            assert not any_form_of([key]).search(Path(f"/proc/{running.pid}/{file}").read_bytes())
        running.communicate(f"{totp.code(key, time.time())}\n")
    assert running.returncode == 0
    return key


def test_a_second_factor_is_nowhere_but_in_its_file(bastion):
    key = enrol(bastion, "ana")
    bastion.texts, bastion.wanted = [key], any_form_of([key])
    with Sampler(bastion.wanted) as sampler:
        assert ringfence(bastion, "plan") == 2
        assert ringfence(bastion, "apply") == 0, outputs(bastion)
        file = "/etc/ringfence/totp/ana"
        bastion.lab.run_on(HOST, f"chmod 644 {file}")
        assert ringfence(bastion, "apply") == 0, outputs(bastion)
    assert places(bastion, sampler) == {f"{file} 600"}


def outputs(planted):
    return "\n".join(path.read_text() for path in planted.folder.glob("*.output"))


def new_canary() -> str:
    """Return a text that stands nowhere else."""
    return f"cnry{secrets.token_hex(12)}"


def patterns(canaries: list[str]) -> list[str]:
    """Return the canaries, and what base64 makes of each, wherever it begins."""
    found = list(canaries)
    for text in canaries:
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + text.encode()).decode()
            found.append(encoded[4 if before else 0 : -4])
    return found


@dataclass
class Sampler:
    """Reads the command line and environment of all processes again and again, in a thread.

    Containers' processes are among those of the machine, so both sides are seen.
    """

    wanted: re.Pattern[bytes]
    seen: set[str] = field(default_factory=set)
    rounds: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Sampler":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                self._look(process)
            self.rounds += 1
            time.sleep(INTERVAL)

    def _look(self, process: Path) -> None:
        for name, place in (("cmdline", "argv"), ("environ", "environment")):
            try:
                text = (process / name).read_bytes()
            except OSError:
                continue
            if self.wanted.search(text):
                self.seen.add(f"{place} of a process while it ran")


def any_form_of(canaries: list[str]) -> re.Pattern[bytes]:
    """Return the expression that finds every form of the canaries."""
    return re.compile("|".join(map(re.escape, patterns(canaries))).encode())


def in_files(wanted: re.Pattern[bytes], folders: list[Path], since: float) -> set[str]:
    """Return the files below some folders that were changed since a time and hold a canary."""
    found = set()
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                try:
                    about = path.lstat()
                    old, large = about.st_mtime < since, about.st_size > LARGEST
                    if old or large or not S_ISREG(about.st_mode):
                        continue
                    if wanted.search(path.read_bytes()):
                        found.add(str(path))
                except OSError:
                    continue
    return found


def on_host(site, host: str, canaries: list[str]) -> set[str]:
    """Return the places on a host that hold a canary; files with their mode."""
    script = SEARCH.replace("{patterns}", "\n".join(patterns(canaries)))
    return set(site.run_on(host, script).splitlines())
