"""What a site decides about the toy role."""

from ringfence.site import Section


class Settings(Section):
    """The words of the day."""

    message: str = "all calls are recorded"
    """What /etc/toy says."""
