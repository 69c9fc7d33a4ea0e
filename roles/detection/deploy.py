"""Addresses that try to break in are shut out, by the sets of the packet filter (IDS-01)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import intent

FOLDER = "/etc/fail2ban"
FILES = {
    "jail.local": f"{FOLDER}/jail.d/zz-ringfence.local",
    "fail2ban.local": f"{FOLDER}/fail2ban.d/zz-ringfence.local",
    "ringfence.conf": f"{FOLDER}/action.d/ringfence.conf",
}
"""Templates and their files, those of each folder read last (jail.conf(5))."""
OVERRIDES = (f"{FOLDER}/action.d/ringfence.local",)


@deploy("detection")
def apply() -> None:
    """Apply IDS-01; the sets are those of the role `firewall`."""
    wanted = intent()
    settings = wanted.settings("detection")
    templates = wanted.site.house.templates_dir("detection")
    values = {**settings.model_dump(), "never": settings.never_banned(wanted.site)}

    packages.installed(
        name="IDS-01 fail2ban and what reads the journal are installed",
        names=["fail2ban", "nftables", "python3-systemd"],
    )
    files.tree(
        name="IDS-01 Who is shut out, after what, and who never",
        directories=[Directory(path=f"{FOLDER}/{name}.d") for name in ("jail", "fail2ban")],
        files=[
            File(path=path, content=render(templates, name, **values))
            for name, path in FILES.items()
        ],
        absent=list(OVERRIDES),
    )
    systemd.services(
        name="IDS-01 fail2ban runs",
        services=[
            Service(
                unit="fail2ban.service",
                restart_for=list(FILES.values()),
                ready=["fail2ban-client", "ping"],
            )
        ],
    )
