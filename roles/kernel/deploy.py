"""Modules that nobody needs (SYS-02), mount options (SYS-03), settings of the kernel (SYS-04)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import core_dumps, files, kernel, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.kernel import Setting
from ringfence.operations.systemd import Service, Unit
from ringfence.rendering import render
from ringfence.site.deploying import intent
from roles.kernel.settings import mount_units

MODULES = "/etc/modprobe.d/ringfence-kernel.conf"
SYSCTLS = "/etc/sysctl.d/zz-ringfence-kernel.conf"
MOUNTS = "/usr/local/lib/ringfence/mounts"
UNIT = "ringfence-mounts.service"
SWAP_UNIT = "ringfence-swap.service"
CORE_LIMITS = "/etc/security/limits.d/ringfence-core.conf"
CORE_SERVICES = "/etc/systemd/system/service.d/ringfence-core.conf"


@deploy("kernel")
def apply() -> None:
    """Apply SYS-02, SYS-03 and SYS-04; in a container, what of it is the container's own."""
    wanted = intent()
    settings = wanted.settings("kernel")
    templates = wanted.site.house.templates_dir("kernel")
    modules = settings.modules_of(wanted.host)
    sysctls = settings.sysctls_of(wanted.host)
    mounts = settings.mounts_of(wanted.host)
    declared = [Setting(name=one.name, values=one.values) for one in sysctls]

    files.tree(
        name="SYS-02 The kernel loads no module that the host has no use for",
        files=[File(path=MODULES, content=render(templates, "modules.conf", modules=modules))],
    )
    kernel.unloaded(name="SYS-02 None of them is loaded now", modules=modules)
    kernel.routes_kept(
        name="SYS-04 The host's IPv6 routes are not those of a router's advertisement",
        advertised=settings.takes_advertisements(wanted.host),
    )
    files.tree(
        name="SYS-04 The settings that the kernel has after each boot",
        files=[File(path=SYSCTLS, content=render(templates, "sysctl.conf", sysctls=sysctls))],
    )
    kernel.read_at_boot(
        name="SYS-04 No other file sets them otherwise, and /etc/sysctl.conf is read",
        path=SYSCTLS,
        settings=declared,
    )
    kernel.settings(name="SYS-04 The kernel has these settings now", settings=declared)
    dumps = settings.may_dump(wanted.host)
    limits = [
        File(path=CORE_LIMITS, content=render(templates, "core-limits.conf")),
        File(path=CORE_SERVICES, content=render(templates, "core-services.conf")),
    ]
    files.tree(
        name="SYS-04 Whether what is started from now on may leave a core dump",
        directories=[] if dumps else [Directory(path=CORE_SERVICES.rpartition("/")[0])],
        files=[] if dumps else limits,
        absent=[file.path for file in limits] if dumps else [],
    )
    if not dumps:
        core_dumps.forbidden(
            name="SYS-04 Nothing that runs may leave a core dump", limits=CORE_LIMITS
        )
    systemd.services(
        name="SYS-04 The settings are made at boot",
        services=[Service(unit="systemd-sysctl.service", running=None)],
    )
    files.tree(
        name="SYS-03 What sets mount options",
        directories=[Directory(path="/usr/local/lib/ringfence")],
        files=[
            File(
                path=MOUNTS,
                content=render(templates, "mounts", mounts=mounts),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            )
        ],
    )
    systemd.units(
        name="SYS-03 The unit that sets them at boot",
        units=[Unit(name=UNIT, content=render(templates, UNIT, mounts=mounts))],
    )
    systemd.services(name="SYS-03 It does so at boot", services=[Service(unit=UNIT, running=None)])
    systemd.units(
        name="SYS-03 The unit by which a host ends though something is mounted over these places",
        units=[
            Unit(name=SWAP_UNIT, content=render(templates, SWAP_UNIT, units=mount_units(mounts)))
        ],
    )
    systemd.services(name="SYS-03 It waits for the host's end", services=[Service(unit=SWAP_UNIT)])
    kernel.mounts(
        name="SYS-03 Places where everybody may write have their mount options",
        options={path: list(options) for path, options in mounts.items()},
        unit=UNIT,
    )
