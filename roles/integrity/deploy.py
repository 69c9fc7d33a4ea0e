"""Files are as their baseline has them (FIM-01).

In roles/roles.yml it is the last: the baseline is taken in `finish`, when no other role changes
files any more.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from ringfence.facts.integrity import Baseline, BaselineState, Moment
from ringfence.operations import files, integrity, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.integrity import Kept, Remember
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render
from ringfence.site.deploying import Intent, intent
from ringfence.site.integrity import KeptBaseline, keep_baseline, kept_baseline

SCRIPT = "/usr/local/lib/ringfence/integrity"
STORE = "/var/lib/ringfence/integrity"
RULES = "/etc/ringfence/aide.conf"
UNITS = ("ringfence-integrity.service", "ringfence-integrity.timer")
HOURS_26 = 26 * 3600
CHECK = Oneshot(
    unit="ringfence-integrity.service",
    product=f"{STORE}/latest/taken-at",
    max_age=HOURS_26,
    newer_than=[SCRIPT, RULES],
    check=[SCRIPT, "clean"],
)


@deploy("integrity")
def apply() -> None:
    """Apply the rules, and the check each night."""
    wanted = intent()
    settings = wanted.settings("integrity")
    templates = wanted.site.house.templates_dir("integrity")
    values = {
        "check_time": settings.check_time,
        "check_delay_minutes": settings.check_delay_minutes,
        "oldest_minutes": HOURS_26 // 60,
        "waits": settings.waits_for_calls(wanted.host),
    }

    packages.installed(
        name="FIM-01 The tools that compare files are installed", names=["aide", "debsums"]
    )
    files.tree(
        name="FIM-01 What is watched, and the script that compares",
        directories=[
            Directory(path="/etc/ringfence"),
            Directory(path="/usr/local/lib/ringfence"),
            Directory(path="/var/lib/ringfence"),
            Directory(path=STORE, mode="0700"),
        ],
        files=[
            File(
                path=RULES,
                content=_rules(wanted),
                mode="0600",
                validators=[("aide", "--config-check", "--config", files.STAGE)],
                shown=True,
            ),
            File(
                path=SCRIPT,
                content=render(templates, "integrity", **values),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            ),
        ],
    )
    systemd.units(
        name="FIM-01 The check's service and timer",
        units=[Unit(name=unit, content=render(templates, unit, **values)) for unit in UNITS],
    )
    systemd.services(
        name="FIM-01 Files are compared each night",
        services=[
            Service(
                unit="ringfence-integrity.timer",
                restart_for=["/etc/systemd/system/ringfence-integrity.timer"],
            )
        ],
    )


@deploy("integrity")
def finish() -> None:
    """Take a new baseline if this run changed files, for it is the last; and compare once."""
    wanted = intent()
    _finish(wanted, wanted.settings("integrity").changes == "accept")


@deploy("integrity")
def finish_others() -> None:
    """After other roles alone: what a run of ours changed is nobody else's work. All else waits."""
    wanted = intent()
    nothing: Sequence[str] = ()
    found = host.get_fact(
        Baseline, store=STORE, rules=RULES, since="", trees=nothing, passed_over=nothing
    )
    # A host that was installed anew has no baseline, whatever the site remembers.
    if found["database"] and _known(wanted.site.path, wanted.host.name):
        _finish(wanted, accept=False)


def _finish(wanted: Intent, accept: bool) -> None:
    settings = wanted.settings("integrity")
    site, name = wanted.site.path, wanted.host.name
    rules = _rules(wanted)
    if accept:
        integrity.packages_restored(
            name="FIM-01 Packages whose files were altered are installed anew",
            script=SCRIPT,
            store=STORE,
        )
    integrity.baseline(
        name="FIM-01 The baseline is of this state, and what it is stands elsewhere",
        script=SCRIPT,
        store=STORE,
        rules=RULES,
        rules_digest=hashlib.sha256(rules.encode()).hexdigest(),
        trees=settings.trees_of(wanted.host),
        passed_over=settings.passed_over_of(wanted.host),
        kept=_known(site, name),
        since=_now(),
        accept=accept,
        remember=_remembering(site, name),
    )
    systemd.services(name="FIM-01 Files were compared since", oneshots=[CHECK])


def _rules(wanted: Intent) -> str:
    settings = wanted.settings("integrity")
    return render(
        wanted.site.house.templates_dir("integrity"),
        "aide.conf",
        trees=[_expression(path) for path in settings.trees_of(wanted.host)],
        passed_over=[_expression(path) for path in settings.passed_over_of(wanted.host)],
    )


def _expression(path: str) -> str:
    """Write a path as AIDE's regular expressions, which are bound to its beginning alone."""
    if path.endswith("*"):
        return re.escape(path[:-1])
    return f"{re.escape(path)}($|/)"


def _known(site: Path, name: str) -> Kept | None:
    kept = kept_baseline(site, name)
    if kept is None:
        return None
    return Kept(
        database=kept.database,
        rules=kept.rules,
        taken=kept.taken,
        accepted=kept.accept or "",
    )


def _now() -> float:
    """Return the host's clock before the run changes anything: all deploys are read first."""
    return float(host.get_fact(Moment))


def _remembering(site: Path, name: str) -> Remember:
    def remember(found: BaselineState, reason: str) -> None:
        keep_baseline(
            site,
            KeptBaseline(
                host=name,
                database=found["database"],
                rules=found["rules"],
                taken=found["taken"],
                change=reason,
            ),
        )

    return remember
