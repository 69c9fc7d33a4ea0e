"""What a site decides about accounts: what each role may do, and when an account is closed."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ringfence.site import Section
from ringfence.site.section import Line

EVERYTHING = "ALL"
COMMAND = re.compile(r"/[A-Za-z0-9._/@+-]+( [A-Za-z0-9._/@+-]+)*")
LOG_GROUPS = ("ringfence-sec", "adm", "systemd-journal")
"""The groups of those who administer the logs: Ringfence's own, and Debian's two that read them."""


def _command(text: str) -> str:
    if text != EVERYTHING and not COMMAND.fullmatch(text):
        raise ValueError(
            "must be ALL, or an absolute path with every argument, such as "
            "/usr/bin/systemctl restart kamailio; patterns would allow more than they show"
        )
    return text


Command = Annotated[Line, AfterValidator(_command)]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,26}$")]
"""A role of people; with `duty-` before it the name of a group, which has 32 characters at most."""


class Duty(Section):
    """What the people with a role may do on the hosts to which `access` admits them."""

    commands: list[Command] = Field(default_factory=list)
    """What they may run as root by sudo, with their password: whole commands with all arguments
    (none means none), or ALL."""


class Settings(Section):
    """Who may do what, and when accounts are closed."""

    duties: dict[RoleName, Duty] = Field(default_factory=dict)
    """What each role of `people` may do; a role that isn't here may log in, and no more."""
    log_officers: list[RoleName] = Field(default_factory=list)
    """The roles that look after the logs. Their people read them by group, and none of them may be
    root (RD 1720/2007 art. 103.3; ENS op.acc.3)."""
    inactive_days: int = Field(default=90, ge=1, le=90)
    """After how many days without a login a person's account is closed (PCI DSS 8.2.6)."""
    password_inactive_days: int = Field(default=30, ge=0, le=30)
    """How many days after a password has expired its account is closed."""
    root_console: Literal["closed", "sealed"] = "closed"
    """Whether root has no password, or one that lies sealed for emergencies at the console."""
    strangers: Literal["report", "close"] = "report"
    """What becomes of accounts that are in no register and that Ringfence never made: they are
    reported, or closed as those of people who left are: keys, sessions and schedules go, the files
    stay. They are never deleted."""

    @model_validator(mode="after")
    def _logs_apart(self) -> "Settings":
        for role in self.log_officers:
            if role in self.duties and EVERYTHING in self.duties[role].commands:
                raise ValueError(
                    f"lets {role!r} both look after the logs and be root: "
                    "take it out of `log_officers`, or ALL out of its commands"
                )
        return self

    def commands_of(self, roles: list[str]) -> set[str]:
        """Return what somebody with these roles may run as root."""
        duties = [self.duties[role] for role in roles if role in self.duties]
        return {command for duty in duties for command in duty.commands}

    def looks_after_logs(self, roles: list[str]) -> bool:
        """Whether somebody with these roles administers the logs."""
        return any(role in self.log_officers for role in roles)

    def groups_of(self, roles: list[str]) -> list[str]:
        """Return the groups that the roles of somebody stand for."""
        groups = [f"duty-{role}" for role in sorted(set(roles)) if role in self.duties]
        return [*groups, *(LOG_GROUPS if self.looks_after_logs(roles) else ())]
