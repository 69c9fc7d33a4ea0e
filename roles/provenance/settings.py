"""What a site decides about what its hosts run: where packages come from, who changes a start."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import Line, LoginName

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
"""The keys of Debian's archive, from the package debian-archive-keyring."""
DEBIAN = tuple(
    f"{scheme}://{place}"
    for scheme in ("http", "https")
    for place in (
        *("deb.debian.org/debian", "deb.debian.org/debian-security"),
        *("security.debian.org/debian-security", "security.debian.org"),
    )
)


def _key_file(text: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+", text):
        raise ValueError("must be an absolute path of letters, digits and ._+-")
    return text


class Repository(Section):
    """Places from which packages come, beside Debian's own."""

    uri: Annotated[
        str,
        StringConstraints(
            pattern=r"^(\*/|[a-z+]+://?)[A-Za-z0-9._~:-]+(/[A-Za-z0-9._~:-]+)*$", max_length=200
        ),
    ]
    """As sources.list(5) writes it, without a slash at its end: http://mirror.example.org/debian.
    `*` at its beginning stands for any computer: */debian is every mirror that has Debian there,
    for its key, which signs what it offers, is what counts."""
    key: Annotated[str, AfterValidator(_key_file)] = KEYRING
    """The file of the keys that sign what it offers; Debian's own, unless given."""
    groups: list[Line] = Field(default=["all"], min_length=1)
    """The groups on whose hosts it may be a source."""
    purpose: Line
    """What it is for, for the auditor."""


class BootLoader(Section):
    """A password for whoever changes what GRUB starts; to start nobody needs one."""

    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it is needed: those to whose console others come."""
    user: LoginName = "ringfence"
    """The name that GRUB asks for beside the password."""
    password: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
    """The name of the secret that holds what grub-mkpasswd-pbkdf2 prints, from grub.pbkdf2 on."""


class Settings(Section):
    """The provenance of what hosts run: where packages come from, who changes their start."""

    repositories: list[Repository] = Field(default_factory=list)
    """Places from which packages come, beside deb.debian.org and security.debian.org."""
    secure_boot: list[Line] = Field(default_factory=list)
    """The groups whose hosts must start by Secure Boot; of others its state is recorded alone."""
    boot_loader: BootLoader | None = None
    """A password for whoever changes what GRUB starts; without it anybody at a console may."""

    def repositories_of(self, host: Host) -> dict[str, str]:
        """Return the approved places of a host's packages: place to file of keys."""
        declared = {
            entry.uri: entry.key
            for entry in self.repositories
            if any(host.in_group(group) for group in entry.groups)
        }
        return {**dict.fromkeys(DEBIAN, KEYRING), **declared}

    def needs_secure_boot(self, host: Host) -> bool:
        """Whether a host must start by Secure Boot."""
        return any(host.in_group(group) for group in self.secure_boot)

    def boot_password_of(self, host: Host) -> BootLoader | None:
        """Return whose password GRUB asks for on a host before it lets anybody change a start."""
        wanted = self.boot_loader
        if wanted and any(host.in_group(group) for group in wanted.groups):
            return wanted
        return None
