"""What a site decides about the inventory that each host keeps of itself."""

from pydantic import Field

from ringfence.site import Section
from ringfence.site.section import Clock


class Settings(Section):
    """The inventory of software and services that each host keeps of itself (CLS-02)."""

    inventory_time: Clock = "02:30"
    """When the inventory is taken each night, by the host's clock: `HH:MM`."""
    inventory_delay_minutes: int = Field(default=30, ge=0, le=240)
    """By how much the hosts spread that moment, so that they don't all work at once."""
    inventories_kept: int = Field(default=30, ge=2, le=400)
    """How many nights' inventories stay on the host."""
