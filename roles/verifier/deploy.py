"""An account that verifies: it can ask, and change nothing (PRV-05)."""

from importlib.resources import files as package_files

from pyinfra.api.deploy import deploy

from ringfence.operations import accounts, files, packages
from ringfence.operations.accounts import Group
from ringfence.operations.files import Directory, File
from ringfence.operations.ssh import KEY_DIRECTORY
from ringfence.rendering import render
from ringfence.site.deploying import intent
from roles.ssh import register

PROGRAMS = "/usr/local/lib/ringfence"
GATE = f"{PROGRAMS}/verify"
BATCH = f"{PROGRAMS}/verify-batch"
RUNNER = f"{PROGRAMS}/runner.pl"
SUDOERS = "/etc/sudoers.d/ringfence-verify"
GROUP = "ringfence-verify"

HIDDEN = (
    *("/etc/shadow-", "/etc/gshadow-", "/etc/wireguard", "/etc/ssl/private", "/root/.ssh"),
    *(f"/var/lib/ringfence/{copies}" for copies in ("previous", "states", "guard")),
    *("/var/backups", "/etc/krb5.keytab", "/etc/luks", "/var/lib/ringfence/archive/signing.key"),
)
"""What no test reads and a thief would. The hashes in shadow and gshadow are covered as well."""
SOCKETS = (
    *("/run/user", "/run/lock", "/run/systemd/journal", "/run/systemd/netif"),
    *("/run/ssh-unix-local", "/run/systemd/io.systemd.Hostname"),
    *("/run/systemd/io.systemd.Credentials", "/run/systemd/io.systemd.ManagedOOM"),
    *("/run/systemd/io.system.ManagedOOM", "/run/docker.sock", "/run/podman", "/run/libvirt"),
)
"""Ways to ask another process to write, which no file system that is read-only closes. The manager
of the account's own session (below /run/user) would start what it is told outside."""


@deploy("verifier")
def apply() -> None:
    """Apply PRV-05. The keys are those of the register of access, as the ssh role writes them."""
    wanted = intent()
    if not wanted.site.policy.verify_access:
        files.tree(
            name="PRV-05 The site has no account that verifies, so sudo knows none",
            absent=[SUDOERS, GATE, BATCH],
        )
        return
    account = wanted.site.verifier.user
    access = next(one for one in wanted.site.access(wanted.host) if one.user == account)
    templates = wanted.site.house.templates_dir("verifier")
    values = {
        **wanted.settings("verifier").model_dump(),
        "account": account,
        "group": GROUP,
        "gate": GATE,
        "batch": BATCH,
        "runner": RUNNER,
        "inaccessible": " ".join(f"-{path}" for path in (*SOCKETS, *HIDDEN)),
    }
    packages.installed(name="PRV-05 sudo and the bus are installed", names=["dbus", "sudo"])
    files.tree(
        name="PRV-05 The one command of the account that verifies",
        directories=[Directory(path=PROGRAMS)],
        files=[
            File(
                path=GATE,
                content=render(templates, "verify", **values),
                mode="0755",
                validators=[("perl", "-c", files.STAGE)],
            ),
            File(
                path=BATCH,
                content=render(templates, "verify-batch", **values),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            ),
            File(
                path=RUNNER,
                content=package_files("ringfence.verify").joinpath("runner.pl").read_text(),
                validators=[("perl", "-c", files.STAGE)],
            ),
        ],
    )
    accounts.groups(
        name="PRV-05 The group of the account that verifies",
        groups=[Group(name=GROUP, members=[account])],
    )
    accounts.service(  # noqa: S604 - the name of a program, no call of it
        name="PRV-05 The account that verifies",
        account=account,
        group=GROUP,
        comment="Ringfence verifies",
        shell="/bin/sh",  # sshd starts even a forced command with the account's shell
    )
    files.tree(
        name="PRV-05 Its keys, which run that command alone",
        directories=[Directory(path=KEY_DIRECTORY)],
        files=[
            File(
                path=f"{KEY_DIRECTORY}/{account}",
                content="".join(f"{line}\n" for line in register.key_lines(access)),
            )
        ],
    )
    files.tree(
        name="PRV-05 sudo lets it run that command alone",
        files=[
            File(
                path=SUDOERS,
                content=render(templates, "sudoers", **values),
                mode="0440",
                validators=[("visudo", "-cqf", files.STAGE)],
            )
        ],
    )
