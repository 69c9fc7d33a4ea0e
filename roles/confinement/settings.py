"""What a site decides about how services are confined: by AppArmor, by sandboxes of systemd's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from ringfence.site import Host, Section
from ringfence.site.section import Line

ALL_FAMILIES = ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX")
"""What a service on the network needs: no raw packets, no buses, no Bluetooth."""
DAEMON: dict[str, str | tuple[str, ...]] = {
    "LockPersonality": "yes",
    "NoNewPrivileges": "yes",
    "PrivateTmp": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectSystem": "full",
    "RestrictAddressFamilies": ALL_FAMILIES,
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
}
"""What daemons bear that write nothing but their data, logs and sockets (systemd.exec(5))."""
AS_GOOD = {
    "ProtectSystem": ("yes", "full", "strict"),
    "ProtectHome": ("read-only", "tmpfs", "yes"),
}
"""Settings with several good values, from the weakest on: what comes later protects more."""


@dataclass(frozen=True)
class Sandbox:
    """The sandbox of a service: what systemd must say of it, and how exposed it may be."""

    unit: str
    """`chrony.service`; `postgresql@.service` stands for all of its instances"""
    settings: Mapping[str, str | tuple[str, ...]]
    """the value that is written; a tuple is all that a list may hold"""
    exposure: float = 7.0
    """the most that `systemd-analyze security` may give it, from 0 to 10"""
    carries_calls: bool = False
    """whether a restart would end calls, so that only somebody may do it"""
    shipped: bool = False
    """whether its unit says all of it, and needs no drop-in"""
    restarted_by: str = ""
    """the role that restarts it in its own way, for systemd refuses to"""

    def good(self, setting: str) -> tuple[str, ...]:
        """Return the values of a setting that are good."""
        value = self.settings[setting]
        if isinstance(value, tuple):
            return value
        values = AS_GOOD.get(setting, (value,))
        return values[values.index(value) :]


NETWORK_FAMILIES = ("AF_INET", "AF_INET6", "AF_UNIX")
OWN: dict[str, str | tuple[str, ...]] = {
    "LockPersonality": "yes",
    "NoNewPrivileges": "yes",
    "ProtectControlGroups": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "RestrictAddressFamilies": ("AF_NETLINK", "AF_UNIX"),
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
}
SANDBOXES = (
    Sandbox("ringfence-inventory.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    # It searches /tmp and /home, so that neither is hidden from it.
    Sandbox("ringfence-permissions.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    # It compares what lies in /etc, /usr and /boot, kernel modules too, which would be hidden.
    Sandbox(
        "ringfence-integrity.service",
        {
            **{name: value for name, value in OWN.items() if name != "ProtectKernelModules"},
            "ProtectSystem": "strict",
        },
        4.0,
        shipped=True,
    ),
    # It closes accounts in /etc.
    Sandbox("ringfence-inactive.service", {**OWN, "ProtectSystem": "yes"}, 5.0, shipped=True),
    Sandbox(
        "ringfence-close-archive.service",
        {**OWN, "ProtectSystem": "strict", "PrivateTmp": "yes"},
        4.0,
        shipped=True,
    ),
    Sandbox(
        "ringfence-alert-watch.service",
        {**OWN, "ProtectSystem": "strict", "RestrictAddressFamilies": NETWORK_FAMILIES},
        4.0,
        shipped=True,
    ),
    Sandbox(
        "ringfence-alert@.service",
        {**OWN, "ProtectSystem": "strict", "RestrictAddressFamilies": NETWORK_FAMILIES},
        4.0,
        shipped=True,
    ),
    Sandbox("ringfence-log-room.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    Sandbox("ringfence-log-silence.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    Sandbox("ringfence-log-review.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    Sandbox("ringfence-heartbeat.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    Sandbox("ringfence-log-days.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    Sandbox("ringfence-log-sender.service", {**OWN, "ProtectSystem": "strict"}, 4.0, shipped=True),
    Sandbox(
        "ringfence-log-receiver.service",
        {**OWN, "ProtectSystem": "strict", "RestrictAddressFamilies": NETWORK_FAMILIES},
        4.0,
        shipped=True,
    ),
    # As systemd ships it: a drop-in of somebody's may not take it away.
    Sandbox(
        "systemd-logind.service",
        {
            **dict.fromkeys(("LockPersonality", "NoNewPrivileges", "PrivateTmp"), "yes"),
            **dict.fromkeys(("ProtectHome", "ProtectKernelModules"), "yes"),
            "ProtectSystem": "strict",
            "RestrictAddressFamilies": ("AF_NETLINK", "AF_UNIX"),
            "RestrictNamespaces": "yes",
            "RestrictSUIDSGID": "yes",
            "SystemCallArchitectures": "native",
        },
        5.0,
        shipped=True,
    ),
    Sandbox("chrony.service", DAEMON, 5.0),
    Sandbox("rsyslog.service", DAEMON),
    Sandbox("fail2ban.service", DAEMON),
    # On Debian 12 its unit has the rules written to /etc, and loaded: of places that it doesn't see
    # the kernel would have none.
    Sandbox(
        "auditd.service",
        {
            **{
                name: it for name, it in DAEMON.items() if name not in ("PrivateTmp", "ProtectHome")
            },
            "ProtectSystem": "yes",
            "RestrictAddressFamilies": ("AF_NETLINK", "AF_UNIX"),
        },
        restarted_by="audit",
    ),
    Sandbox("postgresql@.service", DAEMON),
    Sandbox("mariadb.service", DAEMON),
    Sandbox("unbound.service", DAEMON),
    Sandbox("clamav-freshclam.service", DAEMON),
    Sandbox("kamailio.service", DAEMON, carries_calls=True),
    Sandbox("asterisk.service", DAEMON, carries_calls=True),
    Sandbox("freeswitch.service", DAEMON, carries_calls=True),
    Sandbox("rtpengine-daemon.service", DAEMON, carries_calls=True),
    Sandbox("rtpengine.service", DAEMON, carries_calls=True),
)
"""Services of contact centers; one that a host doesn't have is passed over."""
RESTARTED = frozenset(sandbox.unit for sandbox in SANDBOXES if sandbox.restarted_by)
"""Services that `systemctl restart` doesn't restart."""
COMPLAINING = (
    *(
        "Xorg",
        "plasmashell",
        "plasmashell//QtWebEngineProcess",
        "unix-chkpwd",
        "unprivileged_userns",
    ),
    *("sbuild", "sbuild-abort", "sbuild-adduser", "sbuild-apt", "sbuild-checkpackages"),
    *("sbuild-clean", "sbuild-createchroot", "sbuild-destroychroot", "sbuild-distupgrade"),
    *("sbuild-hold", "sbuild-shell", "sbuild-unhold", "sbuild-update", "sbuild-upgrade"),
    *("transmission-cli", "transmission-daemon", "transmission-gtk", "transmission-qt"),
)
"""Profiles that Debian 13 ships unfinished, so that they only complain: enforced, they might keep
people from logging in. None confined anything in Debian 12."""
UNCONFINED = {
    "ringfence-guard.service": "puts back whatever a role changed",
    "ringfence-guard-boot.service": "puts back whatever a role changed",
    "ringfence-mounts.service": "mounts for the whole host",
    "ringfence-swap.service": "runs /bin/true",
    "ringfence-alert-test.service": "runs /bin/false",
}
"""Services of Ringfence's own that no sandbox would let do their work, and why."""

UnitName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*@?\.service$", max_length=100)
]
SettingName = Literal[
    "LockPersonality",
    "NoNewPrivileges",
    "PrivateTmp",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectSystem",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictSUIDSGID",
    "SystemCallArchitectures",
]


class Confined(Section):
    """A service that gets the sandbox of daemons."""

    unit: UnitName
    """Its unit, such as acd.service; `acd@.service` stands for all of its instances."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it runs."""
    carries_calls: bool = False
    """Whether a restart would end calls: then a new sandbox waits until somebody restarts it."""
    exposure: float = Field(default=7.0, ge=0, le=10)
    """The most that `systemd-analyze security` may give it, from 0 (safe) to 10."""


class Loosened(Section):
    """A service that can't do its work with some of its sandbox's settings."""

    unit: UnitName
    """The unit, as the list of sandboxes has it."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it is so."""
    settings: list[SettingName] = Field(min_length=1)
    """The settings that it does without."""
    exposure: float = Field(default=7.0, ge=0, le=10)
    """How exposed it may be then."""
    purpose: Line
    """Why, for the auditor."""


class Profile(Section):
    """A profile of AppArmor that doesn't enforce."""

    mode: Literal["complain", "disabled"] = "complain"
    """What it does instead: only write down what it would forbid, or nothing."""
    profile: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9/][A-Za-z0-9_./{}*,@+:-]*$", max_length=200)
    ]
    """Its name, as `aa-status` prints it; if it is disabled, that of its file."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it doesn't."""
    purpose: Line
    """Why, for the auditor."""


class Settings(Section):
    """How services are confined: profiles of AppArmor, and sandboxes by systemd."""

    units: list[Confined] = Field(default_factory=list)
    """Services beside those that the product knows."""
    loosened: list[Loosened] = Field(default_factory=list)
    """Services that can't do their work with all of it."""
    profiles: list[Profile] = Field(default_factory=list)
    """Profiles of AppArmor that don't enforce, beside those that Debian ships so."""

    @model_validator(mode="after")
    def _of_roles(self) -> "Settings":
        for each in self.units:
            if each.unit in RESTARTED:
                raise ValueError(
                    f"{each.unit} has a sandbox of its own, and can't have that of daemons: "
                    "take it out of `units`, and name what it can't bear in `loosened`"
                )
        return self

    def sandboxes_of(self, host: Host) -> list[Sandbox]:
        """Return the sandboxes that a host's services must have, where it has them."""
        known = {sandbox.unit: sandbox for sandbox in SANDBOXES}
        for each in self.units:
            if _named(each.groups, host):
                known[each.unit] = Sandbox(each.unit, DAEMON, each.exposure, each.carries_calls)
        for loose in self.loosened:
            if loose.unit in known and _named(loose.groups, host):
                known[loose.unit] = _loosened(known[loose.unit], loose)
        return list(known.values())

    def drop_ins_of(self, host: Host) -> list[str]:
        """Return the files of Ringfence's that confine a host's services."""
        return [
            f"/etc/systemd/system/{sandbox.unit}.d/zz-ringfence-sandbox.conf"
            for sandbox in self.sandboxes_of(host)
            if not sandbox.shipped
        ]

    def profiles_of(self, host: Host, mode: str) -> list[str]:
        """Return the profiles that need not enforce on a host: by name, or by file if disabled."""
        declared = {
            each.profile
            for each in self.profiles
            if each.mode == mode and _named(each.groups, host)
        }
        return sorted(declared.union(COMPLAINING if mode == "complain" else ()))


def _loosened(sandbox: Sandbox, loose: Loosened) -> Sandbox:
    settings = {
        name: value for name, value in sandbox.settings.items() if name not in loose.settings
    }
    exposure = max(sandbox.exposure, loose.exposure)
    return replace(sandbox, settings=settings, exposure=exposure)


def _named(groups: list[str], host: Host) -> bool:
    return any(host.in_group(group) for group in groups)
