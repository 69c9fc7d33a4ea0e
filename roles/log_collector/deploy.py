"""The collector: what becomes of the logs that all hosts send it."""

from pyinfra.api.deploy import deploy

from ringfence.site.deploying import intent
from roles.log_collector import archive


@deploy("log_collector")
def apply() -> None:
    """Apply LOG-07 and ACR-04."""
    archive.closed_each_night(intent())


@deploy("log_collector")
def finish() -> None:
    """Look for silent hosts: the way to people is another role's."""
    archive.silent_hosts_looked_for()
