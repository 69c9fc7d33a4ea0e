"""The kernel's audit from boot, its rules, the record of accesses to personal data."""

from pathlib import PurePosixPath
from typing import Any

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from ringfence.facts.audit import Audit, LateMounts
from ringfence.facts.release import Release
from ringfence.operations import audit, files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.sandboxes import DROP_IN as SANDBOX
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import Intent, intent
from roles.audit.rules import ARCHES
from roles.audit.settings import WAIT
from roles.kernel.settings import mount_units

PROGRAM = "/usr/sbin/auditd"
"""Systemd refuses to restart it for an upgrade, too."""
RULES = "/etc/audit/rules.d/ringfence.rules"
AUDITD = "/etc/audit/auditd.conf"
SYSLOG = "/etc/audit/plugins.d/syslog.conf"
LOGS = "/var/log/audit"
LIBRARY = "/usr/local/lib/ringfence"
ENDED = f"{LIBRARY}/auditd-ended"
RECORDS = f"{LOGS}/audit.log"
UNIT = "auditd.service"
UNIT_OF_RULES = "audit-rules.service"
DROP_INS = f"{systemd.UNIT_DIRECTORY}/{UNIT}.d"
DROP_INS_OF_RULES = f"{systemd.UNIT_DIRECTORY}/{UNIT_OF_RULES}.d"
DROP_IN = f"{DROP_INS}/ringfence.conf"
CONFINED = f"{DROP_INS}/{SANDBOX}"
"""The drop-in of the role `confinement`, which leaves the restart to this one."""
OVERRIDES = [
    path
    for unit in (UNIT, UNIT_OF_RULES)
    for path in (*systemd.replacements(unit), *systemd.drop_in_directories(unit))
    if path not in (DROP_INS, DROP_INS_OF_RULES)
]
"""Where somebody else's files would let auditd be stopped, or keep the rules from being loaded."""
GRUB = "/etc/default/grub.d/ringfence-audit.cfg"
COMPARED = ("uid!=euid", "gid!=egid")
"""Fields that compare with one another, which auditctl takes by another option."""
AUDIT_RULES_SINCE = 13
"""The release of Debian since which a service of its own loads the rules."""


@deploy("audit")
def apply() -> None:
    """Apply LOG-01, LOG-04 and LOG-05; of the journal the role `logging` does."""
    if _in_a_container():
        return
    wanted = intent()
    settings = wanted.settings("audit")
    templates = wanted.site.house.templates_dir("audit")

    packages.installed(name="LOG-01 auditd is installed", names=["auditd", "audispd-plugins"])
    values = {"actions": settings.actions, **settings.model_dump()}
    files.tree(
        name="LOG-05 How records are kept, and that they go to syslog too",
        directories=[
            Directory(path="/etc/audit", mode="0750"),
            Directory(path="/etc/audit/plugins.d", mode="0750"),
            Directory(path=LOGS, mode="0700"),
        ],
        files=[
            File(path=AUDITD, content=render(templates, "auditd.conf", **values), mode="0640"),
            File(path=SYSLOG, content=render(templates, "syslog.conf"), mode="0640"),
        ],
    )
    audit.closed(name="LOG-05 Only root reads the records", directory=LOGS)
    _units(wanted)
    files.tree(
        name="LOG-01 GRUB gives the kernel its words",
        directories=[Directory(path=GRUB.rpartition("/")[0])],
        files=[File(path=GRUB, content=render(templates, "grub.cfg", words=settings.kernel_words))],
    )
    audit.kernel_line(name="LOG-01 The kernel audits from its start", words=settings.kernel_words)


def _units(wanted: Intent) -> None:
    """Have systemd refuse to stop auditd, and what it requires: that would stop it too."""
    templates = wanted.site.house.templates_dir("audit")
    mounts = mount_units(_with_parents(_data(wanted)))
    after = host.get_fact(LateMounts, units=mounts) if mounts else []
    dropped = {DROP_INS: "auditd.service.conf"}
    if host.get_fact(Release) >= AUDIT_RULES_SINCE:
        dropped[DROP_INS_OF_RULES] = "audit-rules.service.conf"
    files.tree(
        name="LOG-04 Nobody stops auditd by hand, and one that was killed comes back",
        directories=[
            Directory(path=LIBRARY),
            *(Directory(path=each, exclusive=True, kept=[SANDBOX]) for each in dropped),
        ],
        files=[
            File(
                path=ENDED,
                content=render(templates, "auditd-ended", records=RECORDS),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            ),
            *(
                File(
                    path=f"{directory}/ringfence.conf",
                    content=render(templates, template, after=[*after], ended=ENDED),
                )
                for directory, template in dropped.items()
            ),
        ],
        absent=[*OVERRIDES, *({DROP_INS_OF_RULES} - dropped.keys())],
    )


@deploy("audit")
def finish() -> None:
    """Apply LOG-02, LOG-03, ACR-01 and ACR-02, once the other roles have made what is watched."""
    if _in_a_container():
        return
    wanted = intent()
    settings = wanted.settings("audit")
    data = _data(wanted)
    content = render(
        wanted.site.house.templates_dir("audit"),
        "audit.rules",
        rules=settings.rules_of(wanted.host, data),
        arches=ARCHES,
        compared=COMPARED,
        wait=WAIT,
        **settings.model_dump(),
    )
    asked: dict[str, Any] = {
        "path": RULES,
        "content": content,
        "places": list(
            dict.fromkeys([*data, *(place.path for place in settings.places_of(wanted.host))])
        ),
        "status": settings.state_of_the_kernel(),
    }
    if host.get_fact(Release) >= AUDIT_RULES_SINCE:
        systemd.services(
            name="LOG-02 The rules are loaded at boot",
            services=[Service(unit=UNIT_OF_RULES, running=None)],
        )
    audit.rules(name="LOG-02 The kernel records what it must, and nobody changes that", **asked)
    audit.running(
        name="LOG-01 auditd takes the kernel's records",
        configuration=[PROGRAM, AUDITD, SYSLOG, DROP_IN, CONFINED],
    )
    audit.rules(name="LOG-03 So it does now that auditd runs, or from the next boot on", **asked)
    audit.none_lost(name="LOG-01 Lost records are told, and counted anew")


def _data(wanted: Intent) -> list[str]:
    return [entry.path for entry in wanted.settings("permissions").data_of(wanted.host)]


def _with_parents(paths: list[str]) -> list[str]:
    """Return paths and the directories above them: any may be where something is mounted."""
    above = [str(parent) for path in paths for parent in reversed(PurePosixPath(path).parents)]
    return [path for path in dict.fromkeys([*above, *paths]) if path != "/"]


def _in_a_container() -> bool:
    return bool(host.get_fact(Audit)["container"])
