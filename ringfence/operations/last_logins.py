"""The record of logins, and what becomes of accounts whose password has expired."""

import hashlib
from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.last_logins import LastLogins
from ringfence.facts.shell import call
from ringfence.operations.shell import library

PROFILE = """\
Name: Record of logins (Ringfence)
Default: yes
Priority: 0
Session-Type: Additional
Session-Interactive-Only: yes
Session:
	optional	pam_lastlog.so silent
"""
"""For pam-auth-update on Debian 12, whose sshd records only logins with a terminal."""


@operation()
def recorded(release: int) -> Generator[StringCommand, None, None]:
    """Ensure that PAM records every login, by lastlog2 from Debian 13 on, by lastlog before."""
    state = host.get_fact(LastLogins)
    ours = release < 13
    current = not ours or state["profile"] == hashlib.sha256(PROFILE.encode()).hexdigest()
    if state["recorded"] and current:
        host.noop("logins are recorded")
        return
    record = library("last_logins") + "record "
    if ours:
        yield StringCommand(f"{record}ringfence-lastlog", _stdin=PROFILE)
    else:
        yield StringCommand(f"{record}lastlog2")


@operation()
def password_default(days: int) -> Generator[StringCommand, None, None]:
    """Ensure that new accounts close so many days after their password has expired."""
    if host.get_fact(LastLogins)["days"] == days:
        host.noop(f"new accounts close {days} days after their password has expired")
    else:
        yield StringCommand(call("useradd", "--defaults", "--inactive", str(days)))
