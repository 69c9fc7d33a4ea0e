"""The archive of all logs: closed day by day, chained, signed, immutable; with room (LOG-07)."""

import json

from ringfence.operations import files, journal, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render
from ringfence.site.deploying import Intent
from roles.log_collector.settings import ARCHIVE, REFUSING, TWO_YEARS, days_kept

LIBRARY = "/usr/local/lib/ringfence"
SCRIPT = f"{LIBRARY}/close-archive"
MODULES = {name: f"{LIBRARY}/archive/{name}.py" for name in ("chain", "files", "folder")}
CONFIGURATION = "/etc/ringfence/archive.json"
STATE = "/var/lib/ringfence/archive"
UNITS = ("ringfence-close-archive.service", "ringfence-close-archive.timer")
ROOM_SCRIPT = f"{LIBRARY}/log-room"
ROOM_UNITS = ("ringfence-log-room.service", "ringfence-log-room.timer")
SILENCE_SCRIPT = f"{LIBRARY}/log-silence"
SILENCE = "/etc/ringfence/log-silence.json"
SILENCE_UNITS = ("ringfence-log-silence.service", "ringfence-log-silence.timer")
SILENT = f"{STATE}/silence.json"
ALERTS = "/var/lib/ringfence/alerts"
HOUR, HOURS_26 = 3600, 26 * 3600


def closed_each_night(wanted: Intent) -> None:
    """Ensure that the files of days that are over are closed, and kept as long as they must be.

    The archive's own folder is the role `permissions`' (PRV-02), its open files the receiver's.
    """
    templates = wanted.site.house.templates_dir("log_collector")
    values = {
        **wanted.settings("log_collector").model_dump(),
        "alerts": ALERTS,
        "archive": ARCHIVE,
        "refusing": REFUSING,
        "silence": SILENCE,
        "state": STATE,
    }

    journal.uncovered(
        name="ACR-04 Nothing is mounted over the archive",
        path=ARCHIVE,
        used_by="ringfence-log-receiver.service",
    )
    packages.installed(
        name="LOG-07 What compresses, signs and closes files is installed",
        names=["acl", "e2fsprogs", "openssl", "python3", "zstd"],
    )
    files.tree(
        name="LOG-07 The job that closes files, and for how long they are kept",
        directories=[
            Directory(path="/etc/ringfence"),
            Directory(path=LIBRARY),
            Directory(path=f"{LIBRARY}/archive"),
            Directory(path="/var/lib/ringfence"),
            Directory(path=STATE, mode="0700"),
        ],
        files=[
            files.python_file(SCRIPT, render(templates, "close-archive"), "0755"),
            *(
                files.python_file(path, render(templates, f"close_{name}.py"))
                for name, path in MODULES.items()
            ),
            File(path=CONFIGURATION, content=configuration(wanted)),
            File(
                path=ROOM_SCRIPT,
                content=render(templates, "log-room", **values),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            ),
            files.python_file(SILENCE_SCRIPT, render(templates, "log-silence", **values), "0755"),
            File(path=SILENCE, content=silence(wanted)),
        ],
    )
    systemd.units(
        name="LOG-07 The services and timers that look after the archive",
        units=[
            Unit(name=unit, content=render(templates, unit, **values))
            for unit in (*UNITS, *ROOM_UNITS, *SILENCE_UNITS)
        ],
    )
    systemd.services(
        name="LOG-07 Days that are over are closed; people hear of little room, and of silence",
        services=[
            Service(unit=timer, restart_for=[f"{systemd.UNIT_DIRECTORY}/{timer}"])
            for timer in (UNITS[1], ROOM_UNITS[1], SILENCE_UNITS[1])
        ],
        oneshots=[
            Oneshot(
                unit=UNITS[0],
                product=f"{STATE}/closed-at",
                max_age=HOURS_26,
                newer_than=[
                    SCRIPT,
                    *MODULES.values(),
                    CONFIGURATION,
                    f"{systemd.UNIT_DIRECTORY}/{UNITS[0]}",
                ],
                check=[SCRIPT, "check"],
            )
        ],
    )


def silent_hosts_looked_for() -> None:
    """Ensure that the last look for silent hosts went well: it tells people, by another role."""
    systemd.services(
        name="LOG-07 Silent hosts were looked for",
        oneshots=[
            Oneshot(
                unit=SILENCE_UNITS[0],
                product=SILENT,
                max_age=HOUR,
                newer_than=[SILENCE_SCRIPT, SILENCE],
            )
        ],
    )


def configuration(wanted: Intent) -> str:
    """Return archive.json: places, and the days for which each host's files are kept.

    The files of a host that is in the site no more are kept as long as any, and as if it had been
    classified high, with a record of accesses.
    """
    policy = wanted.site.policy
    hosts = {name: days_kept(policy, host) for name, host in wanted.site.hosts.items()}
    others = max(TWO_YEARS, policy.retention.access_records_days, *hosts.values())
    content = {
        "archive": ARCHIVE,
        "private_key": f"{STATE}/signing.key",
        "public_key": f"{STATE}/signing.pem",
        "retention_days": {"hosts": hosts, "others": others},
        "state": STATE,
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def silence(wanted: Intent) -> str:
    """Return log-silence.json: after how many minutes without logs people hear of which host."""
    settings = wanted.settings("log_collector")
    content = {
        "alert": f"{LIBRARY}/alert",
        "archive": ARCHIVE,
        "minutes": {
            name: settings.silent_minutes
            for name, host in wanted.site.hosts.items()
            if not set(settings.may_be_silent).intersection(host.groups)
        },
        "state": SILENT,
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
