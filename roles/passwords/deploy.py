"""Passwords: strong, never reused, locked when guessed, changed in time (IAM-03 to IAM-06)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files, packages, pam, passwords
from ringfence.operations.files import File
from ringfence.rendering import render
from ringfence.site import Host
from ringfence.site.deploying import intent
from roles.passwords.settings import MaxDaysSettings

PROFILES = (
    "ringfence-lockout",
    "ringfence-history",
    "ringfence-unix",
    "ringfence-lockout-count",
)
CONFIGURATION = ("pwquality.conf", "faillock.conf")
FILES = {
    "/etc/passwd": "0644:root:root",
    "/etc/shadow": "0640:root:shadow",
    "/etc/gshadow": "0640:root:shadow",
    "/etc/shadow-": "0640:root:shadow",
    "/etc/gshadow-": "0640:root:shadow",
    "/etc/security/opasswd": "0600:root:root",
}


@deploy("passwords")
def apply() -> None:
    """Apply IAM-03 to IAM-06: what PAM does first, so that no age shuts out who logs in by key."""
    wanted = intent()
    settings = wanted.settings("passwords")
    templates = wanted.site.house.templates_dir("passwords")
    values = settings.model_dump()

    packages.installed(
        name="IAM-03 What judges new passwords is installed",
        names=["cracklib-runtime", "libpam-pwquality", "libpwquality-tools"],
    )
    files.tree(
        name="IAM-04 How strong passwords are, and when accounts are locked",
        files=[
            File(path=f"/etc/security/{name}", content=render(templates, name, **values))
            for name in CONFIGURATION
        ],
    )
    files.tree(
        name="IAM-05 The profiles of PAM",
        files=[
            File(path=f"/usr/share/pam-configs/{name}", content=render(templates, name, **values))
            for name in PROFILES
        ],
    )
    pam.profiles(
        name="IAM-05 PAM is composed of them, without Debian's own, which takes empty passwords",
        wanted=["pwquality", *PROFILES],
        unwanted="unix",
    )
    passwords.kept(name="IAM-05 Passwords are kept as yescrypt, for root's eyes", files=FILES)
    longest = days(settings.max_days, wanted.host)
    passwords.definitions(
        name="IAM-06 New accounts get these ages, and yescrypt",
        values={
            "PASS_MAX_DAYS": str(longest),
            "PASS_WARN_AGE": str(settings.warned_days),
            "ENCRYPT_METHOD": "YESCRYPT",
        },
    )
    passwords.ageing(
        name="IAM-06 Passwords end when the level of the host says",
        longest=longest,
        warned=settings.warned_days,
        spared=[wanted.host.ssh.user],
    )


def days(limits: MaxDaysSettings, host: Host) -> int:
    """Return after how many days a password must be changed: the shortest that applies."""
    applying = [limits.basic]
    if host.classification >= "medium":
        applying.append(limits.medium)
    if host.classification >= "high":
        applying.append(limits.high)
    if host.pci:
        applying.append(limits.pci)
    return min(applying)
