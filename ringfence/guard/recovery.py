"""After a dangerous change: the new login that confirms it, or the way back."""

import contextlib
import time

from ringfence.errors import ToolError
from ringfence.guard.channel import Channel, RefusedError, Run, demand, status_of
from ringfence.site import Host, Site
from ringfence.verify.session import UnreachableError

LOGIN_TRIES = 3
LOGIN_PATIENCE = 30.0
"""Seconds in which a new login must answer."""
PAUSE = 2.0


def confirm(site: Site, host: Host, run: Run) -> str:
    """Log in anew, become root, disarm over that login; return why not, empty when it is done."""
    reason = ""
    for attempt in range(LOGIN_TRIES):
        if attempt:
            time.sleep(PAUSE)
        channel = Channel(site, host, LOGIN_PATIENCE)
        try:
            demand(channel, "disarm", run.id)
        except UnreachableError as error:
            reason = f"the new login failed: {error}"
        except RefusedError as error:
            return str(error)
        else:
            return ""
        finally:
            channel.close()
    return reason


def revert_now(channel: Channel, run: Run, reason: str) -> None:
    """Put the host back over a channel that is still open; without one the host does it itself."""
    with contextlib.suppress(UnreachableError, RefusedError):
        demand(channel, "revert", f"asked: {reason}", run.id)


def await_return(site: Site, host: Host, run: Run, limit: float) -> str:
    """Wait until a new login finds the host put back; return what made it (timer, boot, asked).

    Empty when `limit` (of time.monotonic) has passed.
    """
    while True:
        channel = Channel(site, host, LOGIN_PATIENCE)
        try:
            status = status_of(channel)
        except (UnreachableError, ToolError):
            status = {}
        finally:
            channel.close()
        if status and status.get("run") != run.id and status.get("reverted_run") == run.id:
            return f"{status['reverted_reason'].partition(':')[0]}, {status['reverted_at']}"
        if time.monotonic() > limit:
            return ""
        time.sleep(PAUSE)
