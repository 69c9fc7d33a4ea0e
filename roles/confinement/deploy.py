"""How services are confined (SYS-05): by profiles of AppArmor, and by systemd's sandboxes."""

from pyinfra.api.deploy import deploy

from ringfence.operations import apparmor, packages, sandboxes, systemd
from ringfence.operations.sandboxes import Sandbox
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import intent


@deploy("confinement")
def apply() -> None:
    """Apply SYS-05; in a container, whose kernel is another's, its sandboxes alone."""
    wanted = intent()
    settings = wanted.settings("confinement")
    templates = wanted.site.house.templates_dir("confinement")
    known = settings.sandboxes_of(wanted.host)

    packages.installed(name="SYS-05 What loads profiles is installed", names=["apparmor"])
    apparmor.on_at_boot(name="SYS-05 No boot loader turns AppArmor off")
    systemd.services(
        name="SYS-05 Profiles are loaded at boot",
        services=[Service(unit="apparmor.service", running=None)],
    )
    apparmor.enforced(
        name="SYS-05 Every profile is loaded and enforces, but those that are declared not to",
        complaining=settings.profiles_of(wanted.host, "complain"),
        disabled=settings.profiles_of(wanted.host, "disabled"),
    )
    sandboxes.sandboxed(
        name="SYS-05 Services are sandboxed",
        sandboxes=[
            Sandbox(
                unit=one.unit,
                settings=list(one.settings),
                content=""
                if one.shipped
                else render(templates, "sandbox.conf", settings=one.settings),
                waits=one.carries_calls or bool(one.restarted_by),
            )
            for one in known
        ],
    )
    apparmor.confined(
        name="SYS-05 No service runs without the profile of its program",
        waiting=[one.unit for one in known if one.carries_calls or one.restarted_by],
    )
