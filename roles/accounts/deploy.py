"""People with accounts of their own, what each may do, and leavers who lose it (IAM, PRV)."""

from datetime import date

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from ringfence.facts.release import Release
from ringfence.operations import accounts, files, last_logins, packages, people, sudo, systemd
from ringfence.operations.accounts import Group
from ringfence.operations.files import Directory, File
from ringfence.operations.people import Person
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render
from ringfence.site.deploying import Intent, intent
from roles.accounts.settings import EVERYTHING, LOG_GROUPS

PRIVILEGED = ("disk", "kmem", "shadow", "sudo")
"""Groups of Debian's whose members are root by another name; nobody is in them."""
CHECKED = "/var/lib/ringfence/inactive-checked"
JOB = "/usr/local/lib/ringfence/close-inactive"
NOTES = "/var/lib/ringfence/accounts"
SUDO_LOG = "/var/log/sudo.log"
KEPT = ("README", "ringfence-verify")
"""What may lie in /etc/sudoers.d: Debian's explanation, and the rule of the role `verifier`."""
NO_MEMBERS = "ringfence-su"


@deploy("accounts")
def apply() -> None:
    """Apply IAM-01, IAM-02, IAM-07 to IAM-09, PRV-01 and PRV-04."""
    wanted = intent()
    settings = wanted.settings("accounts")
    templates = wanted.site.house.templates_dir("accounts")
    deployer = wanted.host.ssh.user
    services = list(dict.fromkeys([deployer, wanted.site.verifier.user]))
    admitted = persons(wanted)
    values = {
        **settings.model_dump(exclude={"duties"}),
        "deployer": None if deployer == "root" else deployer,
        "duties": {f"duty-{role}": _rules(d.commands) for role, d in settings.duties.items()},
        "idle_seconds": wanted.settings("ssh").idle_minutes * 60,
        "notes": NOTES,
        "checked": CHECKED,
        "job": JOB,
        "empty_group": NO_MEMBERS,
        "sudo_log": SUDO_LOG,
    }
    by_release = ["lastlog2", "libpam-lastlog2"] if host.get_fact(Release) >= 13 else []

    packages.installed(
        name="PRV-01 sudo, its log's rotation and the record of logins are installed",
        names=["sudo", "logrotate", *by_release],
    )
    last_logins.password_default(
        name="IAM-07 An expired password closes its account",
        days=settings.password_inactive_days,
    )
    people.register(
        name="IAM-09 People who are admitted have accounts, and who left has none open",
        people=admitted,
        services=services,
        lock_root=settings.root_console == "closed",
        close_strangers=settings.strangers == "close",
    )
    accounts.groups(
        name="IAM-09 Groups have the members that the roles of people give them",
        groups=_groups(settings, admitted),
    )
    sudo.rules(
        name="PRV-01 sudo's rules, whole, and no others beside them",
        content=render(templates, "sudoers", **values),
        configuration=render(templates, "sudo.conf"),
        kept=KEPT,
        deployer=deployer,
    )
    files.closed(name="PRV-01 The log of sudo is closed to others", path=SUDO_LOG)
    files.tree(
        name="PRV-01 su is for root alone",
        files=[
            File(path="/etc/pam.d/su", content=render(templates, "su", **values)),
            File(
                path="/etc/logrotate.d/ringfence-sudo",
                content=render(templates, "logrotate", **values),
            ),
        ],
    )
    files.tree(
        name="IAM-08 Shells that nobody uses end, and files are born closed to others",
        files=[
            File(
                path="/etc/profile.d/ringfence-session.sh",
                content=render(templates, "session.sh", **values),
                validators=[("sh", "-n", files.STAGE)],
            )
        ],
    )
    last_logins.recorded(name="IAM-07 Every login is recorded", release=host.get_fact(Release))
    files.tree(
        name="IAM-07 What closes the accounts of people who don't log in",
        directories=[
            Directory(path="/usr/local/lib/ringfence"),
            Directory(path=NOTES, mode="0700"),
        ],
        files=[
            File(
                path=JOB,
                content=render(templates, "close-inactive", **values),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            )
        ],
    )
    systemd.units(
        name="IAM-07 The units that run it every night",
        units=[
            Unit(
                name=f"ringfence-inactive.{kind}",
                content=render(templates, f"ringfence-inactive.{kind}", **values),
            )
            for kind in ("service", "timer")
        ],
    )
    systemd.services(
        name="IAM-07 It runs every night, and has run",
        services=[Service(unit="ringfence-inactive.timer")],
        oneshots=[
            Oneshot(
                unit="ringfence-inactive.service",
                product=CHECKED,
                max_age=36 * 3600,
                newer_than=[JOB],
                check=("sh", JOB, "--check"),
            )
        ],
    )


def persons(wanted: Intent) -> list[Person]:
    """Return the accounts that the people admitted to a host must have."""
    policy, settings = wanted.site.policy, wanted.settings("accounts")
    login = "ringfence-ops" if wanted.host.in_group("bastion") else "ringfence-admin"
    found = []
    for entry in wanted.site.access(wanted.host)[1:]:
        if entry.command is not None:
            continue
        person = policy.people[entry.user]
        day = (person.returned - date(1970, 1, 1)).days if person.returned else 0
        groups = [login, *settings.groups_of(person.roles)]
        found.append(
            Person(
                name=entry.user,
                full_name=person.full_name,
                returned=day,
                groups=groups,
                inactive=settings.password_inactive_days,
            )
        )
    return found


def _groups(settings: object, admitted: list[Person]) -> list[Group]:
    """Return the groups whose members the roles decide; each has these and no others."""
    duties = [f"duty-{role}" for role in settings.duties]  # type: ignore[attr-defined]
    by_role = [
        Group(name=name, members=[one.name for one in admitted if name in one.groups])
        for name in (*duties, *LOG_GROUPS)
    ]
    return [*by_role, *(Group(name=name) for name in (*PRIVILEGED, NO_MEMBERS))]


def _rules(commands: list[str]) -> list[str]:
    """Return commands as sudoers(5) writes them; `""` allows no argument."""
    return [c if c == EVERYTHING or " " in c else f'{c} ""' for c in commands]
