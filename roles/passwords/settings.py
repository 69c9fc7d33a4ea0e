"""What a site decides about passwords, within what IAM-03 to IAM-06 allow."""

from pydantic import Field

from ringfence.site import Section


class MaxDaysSettings(Section):
    """After how many days a password must be changed; the shortest that applies to a host wins."""

    basic: int = Field(default=365, ge=1, le=365)
    """On every host (RD 1720/2007 art. 93.4: at least once a year)."""
    medium: int = Field(default=365, ge=1, le=365)
    """On hosts classified medium or high."""
    high: int = Field(default=180, ge=1, le=365)
    """On hosts classified high."""
    pci: int = Field(default=90, ge=1, le=365)
    """On hosts that handle cards (PCI DSS 8.3.9)."""


class Settings(Section):
    """How passwords of every host are made, kept and defended. Keys need none of this."""

    length: int = Field(default=14, ge=12, le=64)
    """How many characters a password has at least (PCI DSS 8.3.6)."""
    classes: int = Field(default=3, ge=3, le=4)
    """How many of lower case, upper case, digits and others it has at least."""
    tries: int = Field(default=5, ge=3, le=10)
    """After how many wrong passwords an account is locked (PCI DSS 8.3.4)."""
    locked_seconds: int = Field(default=1800, ge=1800, le=86400)
    """For how long it stays locked; 1800 is half an hour (PCI DSS 8.3.4)."""
    counted_seconds: int = Field(default=900, ge=900, le=86400)
    """Within how long the wrong passwords are counted together."""
    remembered: int = Field(default=24, ge=4, le=100)
    """How many former passwords are refused (PCI DSS 8.3.7)."""
    max_days: MaxDaysSettings = MaxDaysSettings()
    """After how many days a password must be changed."""
    warned_days: int = Field(default=7, ge=7, le=30)
    """How many days before that its owner is warned."""
