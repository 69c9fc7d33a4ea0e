"""Needed software alone (SYS-01), one function and schedules (SYS-06), no radios (SYS-07)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files, radios, schedules, surplus, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import intent

RADIOS = "/etc/modprobe.d/ringfence-radios.conf"
NETWORKS = ("/etc/NetworkManager", "/etc/NetworkManager/conf.d")
ADDRESSES = "/etc/NetworkManager/conf.d/zz-ringfence-addresses.conf"
SERVICES = {
    "wireless": ("iwd.service", "wpa_supplicant.service"),
    "bluetooth": ("bluetooth.service",),
}
NOTICES = ("/etc/issue.d", "/etc/motd.d", "/etc/update-motd.d")
"""What others add to the notices is shown beside them, so nothing may lie here."""


@deploy("system")
def apply() -> None:
    """Apply SYS-01, SYS-06 and SYS-07."""
    wanted = intent()
    settings = wanted.settings("system")
    templates = wanted.site.house.templates_dir("system")
    remove = settings.surplus == "remove"
    allowed = {
        "wireless": settings.has_wireless(wanted.host),
        "bluetooth": settings.has_bluetooth(wanted.host),
    }

    surplus.packages(
        name="SYS-01 Packages that the host has no use for are not installed",
        unwanted=list(settings.surplus_of(wanted.host)),
        remove=remove,
    )
    surplus.packages(
        name="SYS-06 Software of another function is not installed",
        unwanted=settings.foreign_functions(wanted.host),
        remove=remove,
    )
    surplus.units(
        name="SYS-01 What starts, and what changes a unit, came with a package or is declared",
        declared=settings.units_of(wanted.host),
        changed=settings.sites_units_of(wanted.host),
        own=[
            *settings.drop_ins,
            *wanted.settings("confinement").drop_ins_of(wanted.host),
        ],
        remove=remove,
    )
    files.tree(
        name="SYS-06 Consoles and logins tell the notices, and nothing of the system",
        directories=[Directory(path=path, exclusive=True) for path in NOTICES],
        files=[
            File(path="/etc/issue", content=f"{settings.notice.strip()}\n"),
            File(path="/etc/motd", content=f"{settings.duties.strip()}\n"),
        ],
    )
    # First, for it refuses to cut a host off that has no cable.
    radios.off(
        name="SYS-07 Radios are off, and no open or weak wireless network is known",
        wireless=allowed["wireless"],
        bluetooth=allowed["bluetooth"],
        remove=remove,
    )
    hidden = File(path=ADDRESSES, content=render(templates, "addresses.conf"))
    files.tree(
        name="SYS-07 Wireless cards show an address made up for each network",
        directories=[Directory(path=path) for path in NETWORKS if allowed["wireless"]],
        files=[hidden] if allowed["wireless"] else [],
        absent=[] if allowed["wireless"] else [ADDRESSES],
    )
    if allowed["wireless"]:
        radios.addresses(name="SYS-07 Nothing has them show their own", path=ADDRESSES)
    files.tree(
        name="SYS-07 The kernel loads no driver of a radio that the host may not use",
        files=[File(path=RADIOS, content=render(templates, "radios.conf", **allowed))],
    )
    systemd.services(
        name="SYS-07 Services of radios that the host may not use don't start",
        services=[
            Service(unit=unit, masked=True)
            for radio, units in SERVICES.items()
            if not allowed[radio]
            for unit in units
        ],
    )


@deploy("system")
def finish() -> None:
    """Apply SYS-06 to the schedules that packages of other roles brought, too."""
    settings = intent().settings("system")
    schedules.restricted(
        name="SYS-06 Only root and declared accounts use cron and at",
        accounts=["root", *settings.schedulers],
        remove=settings.surplus == "remove",
    )
