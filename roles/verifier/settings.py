"""What a site decides about the account that verifies; what it may not do is no setting."""

from pydantic import Field

from ringfence.site import Section
from ringfence.site.section import Network


class Settings(Section):
    """The limits of one verification, and what it may reach."""

    seconds: int = Field(default=600, ge=60, le=3600)
    """How long a verification may take before the host ends it."""
    memory_megabytes: int = Field(default=512, ge=128, le=4096)
    """How much memory it may use."""
    tasks: int = Field(default=256, ge=64, le=4096)
    """How many processes and threads it may have."""
    reaches: list[Network] = Field(default_factory=list)
    """Networks to which the tests may open connections, beside the host itself."""
