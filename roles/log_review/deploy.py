"""The logs of each day are reviewed, and people hear what stands out (LOG-08)."""

import json

from pyinfra.api.deploy import deploy

from ringfence.operations import files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render, written_by
from ringfence.site.deploying import Intent, intent
from roles.log_collector.settings import ARCHIVE, days_kept

LIBRARY = "/usr/local/lib/ringfence"
PROGRAM = f"{LIBRARY}/review-logs"
MODULES = {name: f"{LIBRARY}/review/{name}.py" for name in ("events", "scopes", "tally")}
CONFIGURATION = "/etc/ringfence/log-review.json"
STATE = "/var/lib/ringfence/log-review"
KEYS = "/var/lib/ringfence/archive"
ALERTS = "/var/lib/ringfence/alerts"
SERVICE, TIMER = "ringfence-log-review.service", "ringfence-log-review.timer"
HOURS_26 = 26 * 3600


@deploy("log_review")
def apply() -> None:
    """Apply LOG-08: the program and its timer. The archive is the role `log_collector`'s."""
    wanted = intent()
    templates = wanted.site.house.templates_dir("log_review")
    values = {
        "alerts": ALERTS,
        "archive": ARCHIVE,
        "configuration": CONFIGURATION,
        "program": PROGRAM,
        "review_time": wanted.settings("log_review").review_time,
        "state": STATE,
    }

    packages.installed(
        name="LOG-08 What the review is written in is installed, and knows time zones",
        names=["openssl", "python3", "tzdata", "zstd"],
    )
    files.tree(
        name="LOG-08 The program that reviews logs, and what it goes by",
        directories=[
            Directory(path="/etc/ringfence"),
            Directory(path=LIBRARY),
            Directory(path=f"{LIBRARY}/review"),
            Directory(path="/var/lib/ringfence"),
            Directory(path=STATE, mode="0700"),
        ],
        files=[
            files.python_file(PROGRAM, render(templates, "review-logs", **values), "0755"),
            *(
                files.python_file(path, render(templates, f"{name}.py"))
                for name, path in MODULES.items()
            ),
            File(path=CONFIGURATION, content=configuration(wanted)),
        ],
    )
    systemd.units(
        name="LOG-08 The service and the timer of the review",
        units=[
            Unit(name=unit, content=render(templates, unit, **values)) for unit in (SERVICE, TIMER)
        ],
    )
    systemd.services(
        name="LOG-08 Days that are over are reviewed each night",
        services=[Service(unit=TIMER, restart_for=[f"{systemd.UNIT_DIRECTORY}/{TIMER}"])],
    )


@deploy("log_review")
def finish() -> None:
    """Review what is due: the archive's key, and the way to people, are other roles'."""
    systemd.services(
        name="LOG-08 Each day that is over is reviewed",
        oneshots=[
            Oneshot(
                unit=SERVICE,
                product=f"{STATE}/reviewed-at",
                max_age=HOURS_26,
                newer_than=[PROGRAM, *MODULES.values(), f"{systemd.UNIT_DIRECTORY}/{SERVICE}"],
                check=[PROGRAM, "check"],
            )
        ],
    )


def configuration(wanted: Intent) -> str:
    """Return what the program goes by, in stable JSON."""
    site, settings = wanted.site, wanted.settings("log_review")
    hours = site.policy.working_hours
    deployers = {host.ssh.user for host in site.hosts.values()}
    if site.policy.verify_access:
        deployers.add(site.verifier.user)
    content = {
        "about": written_by("log_review"),
        "accounts": sorted({*site.policy.people, *deployers}),
        "alert": f"{LIBRARY}/alert",
        "archive": ARCHIVE,
        "clients": settings.clients,
        "deployers": sorted(deployers),
        "hosts": sorted(site.hosts),
        "internal": settings.internal_networks(site),
        "kept_days": max(days_kept(site.policy, host) for host in site.hosts.values()),
        "limits": settings.limits,
        "private_key": f"{KEYS}/signing.key",
        "public_key": f"{KEYS}/signing.pem",
        "state": STATE,
        "working_hours": hours.model_dump() if hours else None,
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
