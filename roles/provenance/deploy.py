"""Packages come from approved places, and who starts a host is its boot loader's owner (FIM-02).

It stands early in roles/roles.yml: what later roles install comes from approved places already.
"""

import re

from pyinfra.api.deploy import deploy

from ringfence import secrets
from ringfence.errors import UsageError
from ringfence.operations import boot_loader, permissions, repositories
from ringfence.operations.permissions import SystemFile
from ringfence.rendering import render
from ringfence.site.deploying import Intent, intent

CONFIGURATIONS = ("/boot/grub/grub.cfg", "/boot/grub/user.cfg", "/boot/grub/custom.cfg")
BOOT_PASSWORD = "/etc/grub.d/01_ringfence"  # noqa: S105 - a path
PBKDF2 = re.compile(r"grub\.pbkdf2\.sha512\.[1-9][0-9]{4,}\.[0-9A-F]{64,}\.[0-9A-F]{64,}")
"""What grub-mkpasswd-pbkdf2 prints: 10,000 rounds, which are its default, or more."""


@deploy("provenance")
def apply() -> None:
    """Apply FIM-02."""
    wanted = intent()
    settings = wanted.settings("provenance")

    repositories.signed(
        name="FIM-02 Packages come from approved places, each with its key",
        approved=settings.repositories_of(wanted.host),
    )
    boot_loader.told(
        name="FIM-02 Who changes what the boot loader starts needs a password; a start needs none",
        script=BOOT_PASSWORD,
        content=_boot_password(wanted),
    )
    permissions.system_files(
        name="FIM-02 Root alone reads what the boot loader is told",
        files=[SystemFile(path=path, mode="0600") for path in CONFIGURATIONS],
    )


def _boot_password(wanted: Intent) -> str | None:
    """Return what GRUB is told. Raises UsageError for a secret that is no hash of GRUB's."""
    declared = wanted.settings("provenance").boot_password_of(wanted.host)
    if declared is None:
        return None
    digest = secrets.load(wanted.site)[declared.password].get_secret_value().strip()
    if not PBKDF2.fullmatch(digest):
        raise UsageError(
            f"the secret {declared.password!r}, named under provenance.boot_loader in the policy, "
            "must be what grub-mkpasswd-pbkdf2 prints, from grub.pbkdf2 on: "
            "change it with `ringfence secrets edit`"
        )
    templates = wanted.site.house.templates_dir("provenance")
    return render(templates, "boot_password", user=declared.user, digest=digest)
