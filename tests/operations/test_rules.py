"""What holds for every operation, and for every use of one in a role."""

import ast
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.exceptions import OperationValueError
from pyinfra.context import ctx_host, ctx_state
from pyinfra_testing.util import FakeState, create_host

from ringfence.facts.accounts import Accounts
from ringfence.facts.audit import Audit, Covered, OpenRecords
from ringfence.facts.boot_loader import BootMenu
from ringfence.facts.clock import Clock, Rivals
from ringfence.facts.files import Tree
from ringfence.facts.integrity import AlteredPackages, Baseline
from ringfence.facts.kernel import Kernel
from ringfence.facts.nftables import Forwarding, Listeners, Operator, Ruleset
from ringfence.facts.openssl import Weakened
from ringfence.facts.packages import Packages
from ringfence.facts.permissions import (
    DataTrees,
    Homes,
    Privileges,
    SystemFiles,
    TrustingFiles,
)
from ringfence.facts.pki import Keys, Leaves, OpenKeys, Request
from ringfence.facts.radios import Radios
from ringfence.facts.repositories import Repositories
from ringfence.facts.schedules import Schedules
from ringfence.facts.second_factors import SecondFactors
from ringfence.facts.ssh import HostKeys, OtherServers, PersonalKeyFiles
from ringfence.facts.surplus import Foreign, InstalledPackages
from ringfence.facts.systemd import Services
from ringfence.operations import (
    accounts,
    apparmor,
    audit,
    boot_loader,
    clock,
    drop_ins,
    files,
    integrity,
    journal,
    kernel,
    nftables,
    openssl,
    packages,
    permissions,
    pki,
    radios,
    repositories,
    sandboxes,
    schedules,
    second_factors,
    ssh,
    surplus,
    systemd,
)

ROOT = Path(__file__).parents[2]
MODULES = (
    *(
        accounts,
        apparmor,
        audit,
        boot_loader,
        clock,
        drop_ins,
        files,
        integrity,
        journal,
        kernel,
        nftables,
        openssl,
        packages,
        permissions,
        pki,
        radios,
        repositories,
        sandboxes,
        schedules,
        second_factors,
        ssh,
    ),
    *(surplus, systemd),
)
CONTROL = re.compile(r"[A-Z]{2,4}-[0-9]{2} ")
HOSTILE = (
    "a b",
    "it's",
    'say "so"',
    "$(touch owned)",
    "`id`",
    "a;reboot",
    "a\nreboot",
    "a\x00b",
    "-rf",
    "--",
    "*",
    "~root",
    "ñandú",
    "",
)


class Answers:
    """A host on which every fact answers its default: nothing is as it should be."""

    noop_description = None

    def get_fact(self, fact: Any, *args: Any, **kwargs: Any) -> Any:
        instance = fact()
        instance.command(*args, **kwargs)
        return self.answer(fact, instance)

    def answer(self, fact: Any, instance: Any) -> Any:
        if fact is Accounts:
            return {"groups": {}, "accounts": list(self.accounts)}
        if fact is Covered:
            return True
        if fact is OpenRecords:
            return dict.fromkeys((f"/{account}" for account in self.accounts), False)
        if fact in (Leaves, OpenKeys):
            return [f"/etc/{account}" for account in self.accounts]
        if fact is Weakened:
            return [1]
        if fact is BootMenu:
            return {**instance.default(), "grub": True}
        if fact is PersonalKeyFiles:
            return [{"account": a, "file": "authorized_keys", "keys": ["x"]} for a in self.accounts]
        if fact is Repositories:
            entry = {"file": "/l", "first": 1, "last": 1, "text": "deb http://a s main"}
            return {**instance.default(), "entries": [entry]}
        return instance.default()

    accounts: tuple[str, ...] = ()

    def noop(self, description: str) -> None:
        self.noop_description = description


def run(operation: Any, host: Any, **arguments: Any) -> list[str]:
    state = FakeState()
    with ctx_state.use(state), ctx_host.use(host):
        return [command.get_raw_value() for command in operation._inner(**arguments)]


@dataclass
class Use:
    """One way in which a caller's text gets into an operation."""

    operation: Any
    arguments: Any
    accounts: bool = False


def baseline(path: str, passed_over: str) -> dict[str, Any]:
    """Return the arguments of an operation that makes a first baseline."""
    return {
        "script": path,
        "store": path,
        "rules": path,
        "rules_digest": "",
        "trees": [path],
        "passed_over": [passed_over],
        "kept": None,
        "since": 0.0,
        "accept": False,
        "remember": lambda found, reason: None,
    }


USES = {
    "path of a file": Use(
        files.tree, lambda t: {"files": [files.File(path=f"/etc/{t}", content="x")]}
    ),
    "owner of a file": Use(
        files.tree, lambda t: {"files": [files.File(path="/etc/a", content="x", owner=t)]}
    ),
    "mode of a file": Use(
        files.tree, lambda t: {"files": [files.File(path="/etc/a", content="x", mode=t)]}
    ),
    "validator": Use(
        files.tree,
        lambda t: {"files": [files.File(path="/etc/a", content="x", validators=[("true", t)])]},
    ),
    "directory": Use(
        files.tree, lambda t: {"directories": [files.Directory(path=f"/etc/{t}", exclusive=True)]}
    ),
    "absent path": Use(files.tree, lambda t: {"absent": [f"/etc/{t}"]}),
    "unit file": Use(
        systemd.units, lambda t: {"units": [systemd.Unit(name=t, content="[Service]\n")]}
    ),
    "unit": Use(systemd.services, lambda t: {"services": [systemd.Service(unit=t)]}),
    "readiness": Use(
        systemd.services,
        lambda t: {"services": [systemd.Service(unit="a.service", ready=("true", t))]},
    ),
    "configuration": Use(
        systemd.services,
        lambda t: {"services": [systemd.Service(unit="a.service", reload_for=[f"/etc/{t}"])]},
    ),
    "product's check": Use(
        systemd.services,
        lambda t: {
            "oneshots": [
                systemd.Oneshot(
                    unit="a.service", product="/p", max_age=1, newer_than=[f"/{t}"], check=["x", t]
                )
            ]
        },
    ),
    "package": Use(packages.installed, lambda t: {"names": [t]}),
    "group": Use(accounts.groups, lambda t: {"groups": [accounts.Group(name=t, members=["a"])]}),
    "member": Use(
        accounts.groups, lambda t: {"groups": [accounts.Group(name="a", members=[t])]}, True
    ),
    "host key": Use(
        ssh.host_keys, lambda t: {"keys": [ssh.HostKey(path=f"/{t}", type="rsa", bits=3072)]}
    ),
    "type of a host key": Use(
        ssh.host_keys, lambda t: {"keys": [ssh.HostKey(path="/k", type=t, bits=3072)]}
    ),
    "account with keys": Use(
        ssh.authorized_keys, lambda t: {"lines": {t: ["x"]}, "deployer": t}, True
    ),
    "account with foreign keys": Use(ssh.personal_keys, lambda t: {"allowed": {}}, True),
    "file of rules": Use(
        nftables.loaded, lambda t: {"path": f"/etc/{t}", "family": "inet", "table": "a"}
    ),
    "table": Use(nftables.loaded, lambda t: {"path": "/a", "family": "inet", "table": t}),
    "set that is kept": Use(
        nftables.loaded,
        lambda t: {"path": "/a", "family": "inet", "table": "a", "kept_sets": [t]},
    ),
    "account with a second factor": Use(
        second_factors.declared, lambda t: {"factors": {t: "K\n"}}, True
    ),
    "folder of second factors": Use(
        second_factors.declared, lambda t: {"factors": {"a": "K\n"}, "directory": f"/etc/{t}"}
    ),
    "group of data": Use(
        permissions.data,
        lambda t: {"trees": [permissions.DataTree(path=f"/srv/{t}", group=t, writer=t)]},
    ),
    "system that is left alone": Use(
        permissions.privileges,
        lambda t: {"allowed": {f"/{t}": t}, "answer": f"/{t}", "other_systems": [f"/{t}"]},
    ),
    "name of a file of trust": Use(permissions.no_trusting_files, lambda t: {"names": [t]}),
    "unwanted package": Use(surplus.packages, lambda t: {"unwanted": [t], "remove": True}),
    "account that schedules": Use(
        schedules.restricted, lambda t: {"accounts": [t], "remove": True}
    ),
    "unit that may use what covers it": Use(
        journal.uncovered, lambda t: {"path": "/srv/a", "used_by": t}
    ),
    "directory that nothing covers": Use(journal.uncovered, lambda t: {"path": f"/srv/{t}"}),
    "module": Use(kernel.unloaded, lambda t: {"modules": [t]}),
    "setting": Use(kernel.settings, lambda t: {"settings": [kernel.Setting(name=t, values=["1"])]}),
    "file of settings": Use(kernel.read_at_boot, lambda t: {"path": f"/{t}", "settings": []}),
    "mount": Use(kernel.mounts, lambda t: {"options": {f"/{t}": ["nodev"]}, "unit": "a.service"}),
    "profile": Use(apparmor.enforced, lambda t: {"complaining": [t], "disabled": []}),
    "waiting unit": Use(apparmor.confined, lambda t: {"waiting": [t]}),
    "sandboxed unit": Use(
        sandboxes.sandboxed,
        lambda t: {"sandboxes": [sandboxes.Sandbox(unit=t, settings=["A"], content="x")]},
    ),
    "configuration of auditd": Use(audit.running, lambda t: {"configuration": [f"/{t}"]}),
    "word of the kernel's line": Use(audit.kernel_line, lambda t: {"words": [t]}),
    "file of audit rules": Use(
        audit.rules,
        lambda t: {"path": f"/a/{t}", "content": "-D\n", "places": [f"/{t}"], "status": {}},
    ),
    "directory of records": Use(audit.closed, lambda t: {"directory": f"/{t}"}),
    "open record": Use(audit.closed, lambda t: {"directory": "/a"}, True),
    "directory of keys": Use(
        pki.certificate, lambda t: {"papers": pki.Papers(), "directory": f"/etc/{t}"}
    ),
    "place of keys": Use(pki.keys_closed, lambda t: {"place": f"/{t}"}),
    "undeclared certificate": Use(pki.declared, lambda t: {"paths": [], "remove": True}, True),
    "place of certificates": Use(
        pki.declared, lambda t: {"paths": [], "remove": True, "place": f"/{t}"}
    ),
    "open key": Use(pki.keys_closed, lambda t: {}, True),
    "directory of an authority": Use(
        pki.trusted,
        lambda t: {"papers": pki.Papers(authority="x"), "directory": f"/etc/{t}"},
    ),
    "script of a baseline": Use(
        integrity.baseline, lambda t: baseline(path=f"/{t}", passed_over="/a")
    ),
    "what a baseline passes over": Use(
        integrity.baseline, lambda t: baseline(path="/a", passed_over=f"/{t}")
    ),
    "configuration of OpenSSL": Use(openssl.not_weakened, lambda t: {"path": f"/etc/{t}"}),
    "key of a source": Use(repositories.signed, lambda t: {"approved": {"http://a": f"/{t}"}}),
    "script of the boot menu": Use(
        boot_loader.told, lambda t: {"script": f"/etc/{t}", "content": "x"}
    ),
    "path of a drop-in": Use(
        drop_ins.read, lambda t: {"paths": [f"/etc/{t}/x.conf"], "content": "x", "units": []}
    ),
    "drop-in that must not be": Use(
        drop_ins.read,
        lambda t: {"paths": [], "content": "x", "units": [], "absent": [f"/etc/{t}"]},
    ),
    "unit with a drop-in": Use(
        drop_ins.read, lambda t: {"paths": [], "content": "x", "units": [t]}
    ),
    "checked service": Use(
        systemd.services,
        lambda t: {"services": [systemd.Service(unit="a.service", check=("true", t))]},
    ),
    "own unit": Use(ssh.no_other_server, lambda t: {"unit": t}),
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
def test_what_callers_pass_is_quoted_or_refused(use: Use, text: str) -> None:
    host = Answers()
    host.accounts = (text,) if use.accounts else ("a",)
    harmless = Answers()
    harmless.accounts = ("harmless",) if use.accounts else ("a",)
    try:
        commands = run(use.operation, host, **use.arguments(text))
    except OperationValueError:
        return
    plain = run(use.operation, harmless, **use.arguments("harmless"))
    assert [shlex.split(command) for command in commands] == [
        [word.replace("harmless", text) for word in shlex.split(command)] for command in plain
    ]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        (files.tree, {"files": [files.File(path="/a", content="x")]}),
        (files.tree, {"directories": [files.Directory(path="/a", exclusive=True)]}),
        (systemd.units, {"units": [systemd.Unit(name="a.service", content="x")]}),
        (systemd.services, {"services": [systemd.Service(unit="a.service", title="a")]}),
        (packages.installed, {"names": ["a"]}),
        (accounts.groups, {"groups": [accounts.Group(name="g", members=["a"])]}),
        (second_factors.declared, {"factors": {"a": "K\n"}}),
        (ssh.host_keys, {"keys": [ssh.HostKey(path="/k", type="rsa", bits=3072)]}),
        (ssh.authorized_keys, {"lines": {"a": ["x"]}, "deployer": "a"}),
        (permissions.system_files, {"files": [permissions.SystemFile(path="/a", mode="0644")]}),
        (permissions.privileges, {"allowed": {"/a": "4755 root:root"}, "answer": "/a"}),
        (surplus.packages, {"unwanted": ["a"], "remove": True}),
        (surplus.units, {"declared": [], "changed": [], "own": [], "remove": True}),
        (schedules.restricted, {"accounts": ["root"], "remove": True}),
        (kernel.settings, {"settings": [kernel.Setting(name="kernel.a", values=["1"])]}),
        (kernel.mounts, {"options": {"/a": ["nodev"]}, "unit": "a.service"}),
        (journal.sealed, {"safe": journal.Safe()}),
        (journal.closed, {}),
        (journal.on_disk, {}),
        (journal.uncovered, {"path": "/srv/a"}),
        (radios.off, {"wireless": False, "bluetooth": False, "remove": True}),
        (apparmor.on_at_boot, {}),
        (boot_loader.told, {"script": "/a/b", "content": "x"}),
        (clock.utc, {}),
        (drop_ins.read, {"paths": ["/etc/a/b"], "content": "x", "units": ["a.service"]}),
        (clock.alone, {"stop": True}),
        (repositories.signed, {"approved": {"http://a": "/k"}}),
        (integrity.packages_restored, {"script": "/s", "store": "/store"}),
        (integrity.baseline, baseline(path="/a", passed_over="/a")),
        (apparmor.enforced, {"complaining": [], "disabled": []}),
        (apparmor.confined, {"waiting": []}),
        (audit.running, {"configuration": ["/a"]}),
        (audit.none_lost, {}),
        (audit.closed, {"directory": "/var/log/audit"}),
        (audit.kernel_line, {"words": ["audit=1"]}),
        (audit.rules, {"path": "/a/b", "content": "-D\n", "places": ["/c"], "status": {}}),
        (
            sandboxes.sandboxed,
            {"sandboxes": [sandboxes.Sandbox(unit="a.service", settings=[], content="x")]},
        ),
        (permissions.data, {"trees": [permissions.DataTree(path="/a", group="a")]}),
        (pki.certificate, {"papers": pki.Papers()}),
        (pki.trusted, {"papers": pki.Papers()}),
        (pki.keys_closed, {}),
        (pki.declared, {"paths": [], "remove": True}),
    ],
)
def test_a_fact_that_failed_raises_nothing(operation: Any, arguments: Any) -> None:
    """An exception would end the run for every host (pyinfra goes on with the fact's default)."""

    class Silent(Answers):
        def answer(self, fact: Any, instance: Any) -> Any:
            return instance.default()

    run(operation, Silent(), **arguments)


def operation_calls() -> list[tuple[str, ast.Call]]:
    calls = []
    names = {module.__name__.rpartition(".")[2]: module for module in MODULES}
    for path in sorted((ROOT / "roles").glob("*/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
                    if hasattr(getattr(names.get(module), name, None), "_inner"):
                        calls.append((f"{path.relative_to(ROOT)}:{node.lineno}", node))
    return calls


def test_roles_use_operations() -> None:
    assert len(operation_calls()) > 10


@pytest.mark.parametrize(("where", "call"), operation_calls(), ids=lambda v: str(v)[:60])
def test_every_operation_is_named_by_a_control(where: str, call: ast.Call) -> None:
    name = next((k.value for k in call.keywords if k.arg == "name"), None)
    assert isinstance(name, ast.Constant), f"{where}: an operation needs a constant name="
    assert CONTROL.match(name.value), f"{where}: {name.value!r} doesn't begin with a control's id"


def test_every_operation_has_a_fixture_in_which_it_changes_nothing() -> None:
    here = Path(__file__).parent
    for module in MODULES:
        for name, member in vars(module).items():
            if not hasattr(member, "_inner") or member.__module__ != module.__name__:
                continue
            folder = here / f"{module.__name__.rpartition('.')[2]}.{name}"
            cases = [path.read_text() for path in folder.glob("*.yml")]
            assert any("commands: []" in case for case in cases), f"{folder.name} has none"


def test_every_fact_has_a_fixture() -> None:
    for fact in (Forwarding, Listeners, Operator, Ruleset):
        assert list((ROOT / "tests/facts" / f"nftables.{fact.__name__}").glob("*.yml"))
    for fact in (DataTrees, Homes, Privileges, SystemFiles, TrustingFiles):
        assert list((ROOT / "tests/facts" / f"permissions.{fact.__name__}").glob("*.yml"))
    for fact in (
        *(Accounts, AlteredPackages, Audit, Baseline, BootMenu, Clock, Tree, Packages, HostKeys),
        *(OtherServers, PersonalKeyFiles, Repositories, Rivals),
        *(SecondFactors, Services, Foreign, InstalledPackages, Kernel, Radios, Schedules),
        *(Keys, Leaves, OpenKeys, Request),
    ):
        module = fact.__module__.rpartition(".")[2]
        assert list((ROOT / "tests/facts" / f"{module}.{fact.__name__}").glob("*.yml"))


def test_contents_stand_in_no_command_and_no_description() -> None:
    secret = files.File(path="/etc/key", content="CANARY-1f9a")
    host = create_host(FakeState(), facts={})
    host.get_fact = lambda *a, **k: Tree.default()
    [command] = list(_commands(host, secret))
    shown = [command.get_raw_value(), command.get_masked_value(), repr(command), repr(secret)]
    assert "CANARY" not in json.dumps(shown)
    assert "CANARY" not in command.connector_arguments["_stdin"]


def _commands(host: Any, file: files.File) -> list[Any]:
    with ctx_state.use(FakeState()), ctx_host.use(host):
        return list(files.tree._inner(files=[file]))
