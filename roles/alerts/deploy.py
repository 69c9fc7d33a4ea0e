"""The failure of a control's service raises an alert to a person (IDS-03)."""

import json

from pyinfra.api.deploy import deploy

from ringfence import secrets
from ringfence.errors import UsageError
from ringfence.operations import drop_ins, files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render, written_by
from ringfence.site.deploying import Intent, intent

LIBRARY = "/usr/local/lib/ringfence"
PROGRAM = f"{LIBRARY}/alert"
MODULES = {name: f"{LIBRARY}/alerts/{name}.py" for name in ("channels", "waiting", "watching")}
CONFIGURATION = "/etc/ringfence/alerts.json"
SECRETS = "/etc/ringfence/alerts.secrets"
STATE = "/var/lib/ringfence/alerts"
TEST_UNIT = "ringfence-alert-test.service"
WATCH = "ringfence-alert-watch.service"
TIMER = "ringfence-alert-watch.timer"
UNITS = ("ringfence-alert@.service", TEST_UNIT, WATCH, TIMER)
DROP_IN = "zz-ringfence-alert.conf"
"""In the folder for all services; one of this name in a unit's own folder would come before it."""
OWN_TIMERS = "ringfence-*.timer"
AUTHORITY = "/etc/ringfence/pki/ca.pem"
VALUES = {
    "authority": AUTHORITY,
    "configuration": CONFIGURATION,
    "program": PROGRAM,
    "secrets": SECRETS,
    "state": STATE,
    "test_unit": TEST_UNIT,
}


@deploy("alerts")
def apply() -> None:
    """Apply IDS-03."""
    wanted = intent()
    settings = wanted.settings("alerts")
    templates = wanted.site.house.templates_dir("alerts")

    packages.installed(name="IDS-03 What the alerts are written in is installed", names=["python3"])
    files.tree(
        name="IDS-03 The program that raises alerts, and who hears them",
        directories=[
            Directory(path="/etc/ringfence"),
            Directory(path=LIBRARY),
            Directory(path=f"{LIBRARY}/alerts"),
            Directory(path="/var/lib/ringfence"),
            Directory(path=STATE, mode="0700"),
        ],
        files=[
            files.python_file(PROGRAM, render(templates, "alert", **VALUES), "0755"),
            *(
                files.python_file(path, render(templates, f"{name}.py", **VALUES))
                for name, path in MODULES.items()
            ),
            File(path=CONFIGURATION, content=configuration(wanted)),
            File(path=SECRETS, content=_secrets(wanted), mode="0600"),
        ],
    )
    systemd.units(
        name="IDS-03 The services and the timer of the alerts",
        units=[Unit(name=unit, content=render(templates, unit, **VALUES)) for unit in UNITS],
    )
    watched = [unit for unit in settings.units_of(wanted.host) if "@." not in unit]
    drop_ins.read(
        name="IDS-03 A service that fails starts an alert",
        paths=[f"{systemd.UNIT_DIRECTORY}/service.d/{DROP_IN}"],
        content=render(templates, "on_failure.conf"),
        absent=[
            f"{directory}/{DROP_IN}"
            for unit in (*settings.units_of(wanted.host), "ringfence-.service")
            for directory in systemd.drop_in_directories(unit)
        ],
        units=[*watched, WATCH],
    )
    systemd.services(
        name="IDS-03 Services that stopped are looked for every five minutes",
        services=[Service(unit=TIMER, restart_for=[f"{systemd.UNIT_DIRECTORY}/{TIMER}"])],
    )


@deploy("alerts")
def finish() -> None:
    """Try the channels if they were never tried as they are now: other roles open the way there."""
    systemd.services(
        name="IDS-03 Each channel accepted a test lately",
        oneshots=[
            Oneshot(
                unit=WATCH,
                product=f"{STATE}/watched.json",
                max_age=3600,
                newer_than=[PROGRAM, CONFIGURATION, SECRETS],
                check=[PROGRAM, "check"],
            )
        ],
    )


def configuration(wanted: Intent) -> str:
    """Return what the program is told, without secrets, in stable JSON."""
    settings = wanted.settings("alerts")
    content = {
        "about": written_by("alerts"),
        "channels": settings.channels_shown,
        "host": wanted.host.name,
        "quiet_minutes": settings.quiet_minutes,
        "remind_hours": settings.remind_hours,
        "site": wanted.site.name,
        "test_days": settings.test_days,
        "units": [*settings.units_of(wanted.host), OWN_TIMERS],
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _secrets(wanted: Intent) -> str:
    """Return the secrets of the channels. Raises UsageError for one that no channel can use."""
    names = wanted.settings("alerts").secrets
    if not names:
        return "{}\n"
    known = secrets.load(wanted.site)
    found = {name: known[name].get_secret_value().strip() for name in names}
    for name, value in found.items():
        if not value.isascii() or not value.isprintable():
            raise UsageError(
                f"the secret {name!r}, which the policy names under alerts, must be one line of "
                "printable ASCII: change it with `ringfence secrets edit`"
            )
    return json.dumps(found, sort_keys=True) + "\n"
