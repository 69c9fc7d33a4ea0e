"""The bench's state, kept as roles of Ringfence keep theirs: few operations of many things."""

from pyinfra.api.deploy import deploy

from ringfence.operations import accounts, files, kernel, packages, systemd
from ringfence.operations.accounts import Group
from ringfence.operations.files import Directory, File
from ringfence.operations.kernel import Setting
from ringfence.operations.systemd import Service, Unit
from ringfence.rendering import render
from ringfence.site.deploying import intent

SYSCTLS = "/etc/sysctl.d/90-bench.conf"


@deploy("bench")
def apply() -> None:
    """Apply BEN-01 to BEN-05."""
    wanted = intent()
    settings = wanted.settings("bench")
    templates = wanted.site.house.templates_dir("bench")

    packages.installed(name="BEN-02 Packages", names=settings.packages)
    accounts.groups(
        name="BEN-04 Groups",
        groups=[
            *(Group(name=name) for name in settings.groups),
            Group(name="bench", members=settings.accounts),
        ],
    )
    for account in settings.accounts:
        accounts.service(
            name=f"BEN-04 {account}", account=account, group="bench", comment="Of the bench"
        )
    files.tree(
        name="BEN-01 Files and directories",
        directories=[
            *(Directory(path=path) for path in ("/srv/bench", "/etc/bench")),
            *(Directory(path=path, mode="0755") for path in settings.directories),
        ],
        files=[
            *(File(path=p, content=render(templates, "file", path=p)) for p in settings.files),
            File(path=SYSCTLS, content=render(templates, "sysctl", sysctls=settings.sysctls)),
        ],
    )
    kernel.settings(
        name="BEN-05 Settings of the kernel",
        settings=[Setting(name=n, values=[v]) for n, v in settings.sysctls.items()],
    )
    systemd.units(
        name="BEN-03 Units",
        units=[
            Unit(name=f"{timer}.{kind}", content=render(templates, kind, unit=timer))
            for timer in settings.timers
            for kind in ("service", "timer")
        ],
    )
    systemd.services(
        name="BEN-03 Timers",
        services=[Service(unit=f"{timer}.timer") for timer in settings.timers],
    )
