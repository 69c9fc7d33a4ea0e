"""Data for its group alone (PRV-02); system files, homes and programs with privileges (PRV-03)."""

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from ringfence.facts.release import Release
from ringfence.operations import files, packages, permissions, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.permissions import DataTree, SystemFile
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render
from ringfence.site.deploying import intent

SCRIPT = "/usr/local/lib/ringfence/permissions"
STORE = "/var/lib/ringfence/permissions"
UNITS = ("ringfence-permissions.service", "ringfence-permissions.timer")
HOURS_26 = 26 * 3600
SEARCH = Oneshot(
    unit="ringfence-permissions.service",
    product=f"{STORE}/latest/taken-at",
    max_age=HOURS_26,
    newer_than=[SCRIPT, "/etc/systemd/system/ringfence-permissions.service"],
    check=[SCRIPT, "check"],
)

SECRET = ("shadow", "root")
SYSTEM_FILES = [
    *(SystemFile(path=f"/etc/{name}", mode="0644") for name in ("passwd", "passwd-", "shells")),
    *(SystemFile(path=f"/etc/{name}", mode="0644") for name in ("group", "group-")),
    *(SystemFile(path=f"/etc/{n}", mode="0640", groups=SECRET) for n in ("shadow", "shadow-")),
    *(SystemFile(path=f"/etc/{n}", mode="0640", groups=SECRET) for n in ("gshadow", "gshadow-")),
    SystemFile(path="/etc/security/opasswd", mode="0600"),
    SystemFile(path="/etc/security/opasswd.old", mode="0600"),
]
TRUSTING = [
    *("/etc/hosts.equiv", "/etc/shosts.equiv", "/etc/ssh/shosts.equiv"),
    *(".rhosts", ".shosts", ".netrc", ".forward"),
]
OF_CONTAINERS = ("/var/lib/containers", "/var/lib/docker", "/var/lib/lxc", "/var/lib/machines")
"""What lies there may be another system's, so it is not changed, only judged."""


@deploy("permissions")
def apply() -> None:
    """Apply PRV-02 and PRV-03."""
    wanted = intent()
    settings = wanted.settings("permissions")
    templates = wanted.site.house.templates_dir("permissions")
    values = {**settings.model_dump(), "oldest_minutes": HOURS_26 // 60}

    packages.installed(
        name="PRV-03 The tools for access lists and capabilities are installed",
        names=["acl", "libcap2-bin"],
    )
    files.tree(
        name="PRV-03 The script that searches the disk, and the place of its answer",
        directories=[
            Directory(path="/usr/local/lib/ringfence"),
            Directory(path="/var/lib/ringfence"),
            Directory(path=STORE, mode="0700"),
        ],
        files=[
            File(
                path=SCRIPT,
                content=render(templates, "permissions", **values),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            )
        ],
    )
    systemd.units(
        name="PRV-03 The search's service and timer",
        units=[Unit(name=unit, content=render(templates, unit, **values)) for unit in UNITS],
    )
    systemd.services(
        name="PRV-03 The disk is searched each night, and once now",
        services=[
            Service(
                unit="ringfence-permissions.timer",
                restart_for=["/etc/systemd/system/ringfence-permissions.timer"],
            )
        ],
        oneshots=[SEARCH],
    )
    permissions.system_files(
        name="PRV-03 The files of accounts and passwords are closed", files=SYSTEM_FILES
    )
    permissions.homes(name="PRV-03 Homes are closed to others")
    permissions.no_trusting_files(
        name="PRV-03 No account trusts other hosts by a file", names=TRUSTING
    )
    permissions.privileges(
        name="PRV-03 Only programs that may have privileges have them",
        allowed=settings.privileges(host.get_fact(Release)),
        answer=f"{STORE}/latest",
        other_systems=[*settings.other_systems, *OF_CONTAINERS],
    )
    permissions.data(
        name="PRV-02 Data are closed to everybody but their group",
        trees=[
            DataTree(path=entry.path, group=entry.group, writer=entry.service or "")
            for entry in settings.data_of(wanted.host)
        ],
    )


@deploy("permissions")
def finish() -> None:
    """Search once more if the answer isn't true any more: the other roles change files too."""
    systemd.services(name="PRV-03 The answer of the search is fresh and true", oneshots=[SEARCH])
