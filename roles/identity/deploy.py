"""What a host says about itself (CLS-01), and what is installed and running on it (CLS-02)."""

import json

from pyinfra.api.deploy import deploy

from ringfence import __version__
from ringfence.operations import files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Oneshot, Service, Unit
from ringfence.rendering import render, written_by
from ringfence.site.deploying import Intent, intent

SCRIPT = "/usr/local/lib/ringfence/inventory"
PRODUCT = "/var/lib/ringfence/inventory/latest/taken-at"
UNITS = ("ringfence-inventory.service", "ringfence-inventory.timer")
HOURS_26 = 26 * 3600


@deploy("identity")
def apply() -> None:
    """Apply CLS-01 and CLS-02."""
    wanted = intent()
    settings = wanted.settings("identity")
    templates = wanted.site.house.templates_dir("identity")
    values = {**settings.model_dump(), "oldest_minutes": HOURS_26 // 60}

    packages.installed(
        name="CLS-02 The tools that list services and listeners are installed",
        names=["iproute2"],
    )
    files.tree(
        name="CLS-01 The host declares its role, owner and data level",
        directories=[Directory(path="/etc/ringfence")],
        files=[File(path="/etc/ringfence/host.json", content=declaration(wanted))],
    )
    files.tree(
        name="CLS-02 The inventory script and the place of its results",
        directories=[
            Directory(path="/usr/local/lib/ringfence"),
            Directory(path="/var/lib/ringfence"),
            Directory(path="/var/lib/ringfence/inventory", mode="0750"),
        ],
        files=[
            File(
                path=SCRIPT,
                content=render(templates, "inventory", **values),
                mode="0755",
                validators=[("sh", "-n", files.STAGE)],
            )
        ],
    )
    systemd.units(
        name="CLS-02 The inventory's service and timer",
        units=[Unit(name=unit, content=render(templates, unit, **values)) for unit in UNITS],
    )
    systemd.services(
        name="CLS-02 The inventory is taken each night",
        services=[
            Service(
                unit="ringfence-inventory.timer",
                restart_for=["/etc/systemd/system/ringfence-inventory.timer"],
            )
        ],
    )


@deploy("identity")
def finish() -> None:
    """Take the inventory if it isn't true any more: the other roles install and enable things."""
    systemd.services(
        name="CLS-02 The inventory is fresh and true",
        oneshots=[
            Oneshot(
                unit="ringfence-inventory.service",
                product=PRODUCT,
                max_age=HOURS_26,
                newer_than=[SCRIPT, "/etc/systemd/system/ringfence-inventory.service"],
                check=[SCRIPT, "check"],
            )
        ],
    )


def declaration(wanted: Intent) -> str:
    """Return the content of host.json: what the site declares about the host, in stable JSON."""
    host = wanted.host
    content = {
        "about": written_by("identity"),
        "baseline_version": __version__,
        "clients": host.clients,
        "data_level": host.classification.value,
        "ens_category": host.ens_category,
        "ephi": host.ephi,
        "name": host.name,
        "owner": host.owner,
        "pci": host.pci,
        "policy_digest": wanted.site.policy_digest(host),
        "role": host.groups,
        "site": wanted.site.name,
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
