"""How long what the authority signs counts, and when it is replaced."""

from datetime import UTC, datetime, timedelta

CERTIFICATE_DAYS = 90
RENEWED_FROM_DAY = 60
"""From which day of its life on a certificate is replaced: a month of applies may fail. Days are
UTC's, so that a plan finds the same all day long (`ringfence.unchanged`)."""
LIST_DAYS = 90
"""How long a list of revoked certificates counts; one that ended ends the services that read it."""
LIST_RENEWED_FROM_DAY = 30
"""From which day of its life on such a list is replaced."""
CLOCKS = timedelta(hours=1)
"""By how much earlier a certificate counts than it was made: clocks of hosts differ."""


def is_due(begins: datetime, now: datetime, days: int = RENEWED_FROM_DAY) -> bool:
    """Return whether what counts from `begins` on is to be replaced: from its 60th day (UTC) on."""
    made = (begins + CLOCKS).astimezone(UTC)
    return now.astimezone(UTC).date() >= made.date() + timedelta(days=days)


def utc_now() -> datetime:
    """Return the time, in whole seconds as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)
