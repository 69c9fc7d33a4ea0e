"""The collector: what becomes of the logs that all hosts send it."""

from pyinfra.api.deploy import deploy

from ringfence.site.deploying import intent
from roles.log_collector import archive


@deploy("log_collector")
def apply() -> None:
    """Apply LOG-07 and ACR-04."""
    archive.closed_each_night(intent())
