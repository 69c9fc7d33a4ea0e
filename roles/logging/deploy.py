"""Every host's journal, kept and sent to the collector, and how the collector takes it.

LOG-04, LOG-05 and LOG-06; what becomes of the archive later is the role `log_collector`.
"""

import json
from typing import Any

from pyinfra.api.deploy import deploy

from ringfence.operations import files, journal, packages, permissions, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.permissions import DataTree
from ringfence.operations.sandboxes import DROP_IN as SANDBOX
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render
from ringfence.site import Host
from ringfence.site.deploying import Intent, intent
from roles.log_collector.settings import ARCHIVE, REFUSING
from roles.logging.safe import SiteSafe
from roles.logging.settings import COLLECTOR, collectors

JOURNALD = "/etc/systemd/journald.conf.d"
JOURNALD_FILE = f"{JOURNALD}/zz-ringfence.conf"
LIBRARY = "/usr/local/lib/ringfence"
PKI = "/etc/ringfence/pki"
CERTIFICATES = [f"{PKI}/ca.pem", f"{PKI}/host.pem"]
RSYSLOG = "/etc/rsyslog.conf"
DROP_IN = f"{systemd.UNIT_DIRECTORY}/rsyslog.service.d/ringfence.conf"
SENDERS = "/etc/ringfence/log-senders.json"
RECEIVER = "/etc/ringfence/log-receiver.conf"
HOURS_26 = 26 * 3600
CHECK_RSYSLOG = ("rsyslogd", "-N1", "-f", files.STAGE)
CONNECTED = """\
for _ in 1 2 3 4 5 6 7 8 9 10; do
    ss -Htn state established dport = :{port} | grep -q . && exit 0
    sleep 0.5
done"""
"""Waits for rsyslog's connection, but not for long: a collector that is away ends no apply."""
PLACES = {
    "archive": ARCHIVE,
    "connection": f"{LIBRARY}/log-connection",
    "refusing": REFUSING,
    "unidentified": f"{ARCHIVE}/_unidentified",
    "days": f"{LIBRARY}/log-days",
    "heartbeat": f"{LIBRARY}/log-heartbeat",
    "pki": PKI,
    "receiver": RECEIVER,
    "sender": f"{LIBRARY}/log-sender",
    "senders": SENDERS,
    "socket": "/run/ringfence-logging/journal",
    "state": "/var/lib/ringfence/logging",
    "writer": f"{LIBRARY}/log-writer",
}
PATIENCE = 30  # seconds, until rsyslog tries again at the latest
SIZES = {"frame_bytes": 60_000, "message_bytes": 60_000, "window": 16}
"""How much of the journal is sent as one message, how long an entry's text may be, and how many
messages may be on their way: what rsyslog held of them when it was killed is sent again."""


@deploy("logging")
def apply() -> None:
    """Apply LOG-04 to LOG-06. Without a collector in the site, logs are kept and not sent."""
    wanted = intent()
    _journal(wanted)
    if wanted.host.in_group(COLLECTOR):
        _receiving(wanted)
    takers = collectors(wanted.site)
    if takers:
        _sending(wanted, takers[0])


def _values(wanted: Intent) -> dict[str, Any]:
    return {**wanted.settings("logging").model_dump(), **PLACES, **SIZES}


def _journal(wanted: Intent) -> None:
    templates = wanted.site.house.templates_dir("logging")
    files.tree(
        name="LOG-05 The journal is kept on disk, sized, sealed, and drops nothing",
        directories=[
            Directory(path="/var/log/journal", mode="2755", group="systemd-journal"),
            Directory(path=JOURNALD, exclusive=True),
        ],
        files=[
            File(path=JOURNALD_FILE, content=render(templates, "journald.conf", **_values(wanted)))
        ],
    )
    systemd.services(
        name="LOG-05 The journal runs by these settings, and has no second copy of audit records",
        services=[
            Service(unit="systemd-journald-audit.socket", masked=True),
            Service(
                unit="systemd-journald.service", enabled=None, restart_for=[JOURNALD, JOURNALD_FILE]
            ),
        ],
    )
    journal.on_disk(name="LOG-05 The journal goes to the disk by now")
    packages.installed(name="LOG-05 What makes keys for seals is installed", names=["libgcrypt20"])
    journal.closed(name="LOG-05 The journal is closed to others")
    journal.sealed(
        name="LOG-05 The journal is sealed, and the key that checks the seals is kept elsewhere",
        safe=SiteSafe(site=wanted.site, host=wanted.host),
    )


def _sending(wanted: Intent, collector: Host) -> None:
    templates = wanted.site.house.templates_dir("logging")
    values = {
        **_values(wanted),
        "address": collector.address,
        "collector": collector.name,
        "patience": PATIENCE,
    }
    units = ("ringfence-log-sender.service", *_pair("ringfence-heartbeat"))
    journal.uncovered(name="LOG-06 Nothing is mounted over the host's certificate", path=PKI)
    packages.installed(
        name="LOG-06 rsyslog with RELP is installed", names=["rsyslog", "rsyslog-relp"]
    )
    files.tree(
        name="LOG-06 What reads the journal, and what rsyslog does with it",
        directories=[
            Directory(path=LIBRARY),
            Directory(path="/var/lib/ringfence"),
            Directory(path=PLACES["state"], mode="0700"),
            Directory(path=DROP_IN.rpartition("/")[0], exclusive=True, kept=[SANDBOX]),
        ],
        files=[
            _script(wanted, "sender", ("perl", "-c", files.STAGE)),
            _script(wanted, "connection", ("bash", "-n", files.STAGE), **values),
            _script(wanted, "heartbeat", ("sh", "-n", files.STAGE)),
            File(
                path=RSYSLOG,
                content=render(templates, "rsyslog.conf", **values),
                validators=[CHECK_RSYSLOG],
            ),
            File(path=DROP_IN, content=render(templates, "rsyslog.service.conf", **values)),
        ],
    )
    systemd.units(
        name="LOG-06 The services that send, and the heartbeat",
        units=[Unit(name=unit, content=render(templates, unit, **values)) for unit in units],
    )
    systemd.services(
        name="LOG-04 What sends logs runs, and comes back when it is killed",
        services=[
            Service(
                unit="rsyslog.service",
                restart_for=[RSYSLOG, DROP_IN, *CERTIFICATES],
                check=(PLACES["connection"],),
            ),
            Service(
                unit="ringfence-log-sender.service",
                # With rsyslog, too: by itself it begins again a moment later.
                restart_for=[
                    *(PLACES["sender"], _unit_path("ringfence-log-sender.service")),
                    *(RSYSLOG, DROP_IN, *CERTIFICATES),
                ],
                ready=("sh", "-c", CONNECTED.format(port=values["port"])),
            ),
            Service(
                unit="ringfence-heartbeat.timer",
                restart_for=[_unit_path("ringfence-heartbeat.timer")],
            ),
        ],
    )


def _receiving(wanted: Intent) -> None:
    templates = wanted.site.house.templates_dir("logging")
    names = sorted(wanted.site.hosts)
    values = {**_values(wanted), "names": names}
    units = ("ringfence-log-receiver.service", *_pair("ringfence-log-days"))
    packages.installed(
        name="LOG-06 rsyslog with RELP, and what makes files append-only, are installed",
        names=["rsyslog", "rsyslog-relp", "acl", "e2fsprogs"],
    )
    journal.uncovered(
        name="LOG-06 Nothing is mounted over the archive",
        path=PLACES["archive"],
        used_by="ringfence-log-receiver.service",
    )
    permissions.data(
        name="LOG-06 The archive is closed to everybody but its group",
        trees=[_archive_tree(wanted)],
    )
    files.tree(
        name="LOG-06 Who may send logs, and what becomes of them",
        directories=[
            Directory(path="/etc/ringfence"),
            Directory(path=LIBRARY),
            Directory(path="/var/lib/ringfence"),
            Directory(path=PLACES["state"], mode="0700"),
        ],
        files=[
            File(path=SENDERS, content=senders(wanted.site.hosts)),
            _script(wanted, "writer", ("perl", "-c", files.STAGE)),
            _script(wanted, "days", ("sh", "-n", files.STAGE), names=names),
        ],
    )
    files.tree(
        name="LOG-06 The receiver's configuration",
        files=[
            File(
                path=RECEIVER,
                content=render(templates, "receiver.conf", **values),
                validators=[CHECK_RSYSLOG],
            )
        ],
    )
    systemd.units(
        name="LOG-06 The services that receive",
        units=[Unit(name=unit, content=render(templates, unit, **values)) for unit in units],
    )
    systemd.services(
        name="LOG-06 Logs are taken, into files that can only grow",
        services=[
            Service(
                unit="ringfence-log-days.timer",
                restart_for=[_unit_path("ringfence-log-days.timer")],
            ),
            Service(
                unit="ringfence-log-receiver.service",
                restart_for=[
                    *(RECEIVER, SENDERS, PLACES["writer"]),
                    _unit_path("ringfence-log-receiver.service"),
                    *CERTIFICATES,
                ],
            ),
        ],
        oneshots=[
            Oneshot(
                unit="ringfence-log-days.service",
                product=f"{PLACES['state']}/days",
                max_age=HOURS_26,
                newer_than=[PLACES["days"], _unit_path("ringfence-log-days.service")],
                check=[PLACES["days"], "check"],
            )
        ],
    )


def _archive_tree(wanted: Intent) -> DataTree:
    """Return the archive's directory, as the role `permissions` looks after it too."""
    declared = wanted.settings("permissions").data_of(wanted.host)
    groups = [entry.group for entry in declared if entry.path == PLACES["archive"]]
    return DataTree(path=PLACES["archive"], group=groups[0] if groups else "logs")


def senders(hosts: dict[str, Host]) -> str:
    """Return rsyslog's lookup table: the address of a connection to the name of the host."""
    table = [{"index": host.address, "value": name} for name, host in sorted(hosts.items())]
    content = {"version": 1, "nomatch": "", "type": "string", "table": table}
    return json.dumps(content, indent=1) + "\n"


def _script(wanted: Intent, name: str, validator: tuple[str, ...], **more: Any) -> File:
    content = render(
        wanted.site.house.templates_dir("logging"), name, **{**_values(wanted), **more}
    )
    return File(path=PLACES[name], content=content, mode="0755", validators=[validator])


def _pair(name: str) -> tuple[str, str]:
    return f"{name}.service", f"{name}.timer"


def _unit_path(unit: str) -> str:
    return f"{systemd.UNIT_DIRECTORY}/{unit}"
