"""Addresses that try to break in are shut out, by the sets of the packet filter (IDS-01)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import intent

FOLDER = "/etc/fail2ban"
DROP_INS = "/etc/systemd/system/fail2ban.service.d"
PROGRAM = "/usr/local/lib/ringfence/intruders"
FILES = {
    "jail.local": f"{FOLDER}/jail.d/zz-ringfence.local",
    "fail2ban.local": f"{FOLDER}/fail2ban.d/zz-ringfence.local",
    "ringfence.conf": f"{FOLDER}/action.d/ringfence.conf",
    "sshd.conf": f"{FOLDER}/filter.d/ringfence-sshd.conf",
    "recidive.conf": f"{FOLDER}/filter.d/ringfence-recidive.conf",
    "fail2ban.service.conf": f"{DROP_INS}/zz-ringfence-detection.conf",
}
"""Templates and their files, those of each folder read last (jail.conf(5))."""
OF_DEBIAN = "defaults-debian.conf"
OVERRIDES = (
    *(f"{FOLDER}/jail.local", f"{FOLDER}/fail2ban.local"),
    f"{FOLDER}/action.d/ringfence.local",
    *(f"{FOLDER}/filter.d/{name}.local" for name in ("common", "pam-generic", "sshd")),
    *(f"{FOLDER}/filter.d/ringfence-{name}.local" for name in ("sshd", "recidive")),
)


@deploy("detection")
def apply() -> None:
    """Apply IDS-01; the sets are those of the role `firewall`."""
    wanted = intent()
    settings = wanted.settings("detection")
    templates = wanted.site.house.templates_dir("detection")
    values = {"jails": settings.jails_shown, "never": settings.never_banned(wanted.site)}
    kept = [OF_DEBIAN, *(f"{name}.local" for name in settings.jails)]

    packages.installed(
        name="IDS-01 fail2ban and what reads the journal are installed",
        names=["fail2ban", "nftables", "python3-systemd"],
    )
    files.tree(
        name="IDS-01 Who is shut out, after what, and who never",
        directories=[
            Directory(path=f"{FOLDER}/jail.d", exclusive=True, kept=kept),
            Directory(path=f"{FOLDER}/fail2ban.d", exclusive=True),
            Directory(path="/usr/local/lib/ringfence"),
            Directory(path=DROP_INS),
        ],
        files=[
            *(
                File(path=path, content=render(templates, name, **values))
                for name, path in FILES.items()
            ),
            files.python_file(
                PROGRAM, render(templates, "intruders", own=settings.jails, **values), "0755"
            ),
        ],
        absent=list(OVERRIDES),
    )
    systemd.services(
        name="IDS-01 fail2ban runs, and goes by its files",
        services=[
            Service(
                unit="fail2ban.service",
                restart_for=list(FILES.values()),
                ready=["fail2ban-client", "ping"],
                check=[PROGRAM],
            )
        ],
    )
