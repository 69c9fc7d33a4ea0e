"""The systems that Ringfence knows; of any other host it says what it runs, and leaves it alone."""

SYSTEMS = {"debian 12", "debian 13"}
"""ID and VERSION_ID of os-release(5)."""
SYSTEM = '. /etc/os-release; echo "$ID $VERSION_ID"'
"""What a host is asked."""


def unsupported(answer: str) -> str:
    """Return a sentence about a host that answers so; empty when its system is supported."""
    system = " ".join(answer.split())
    if system in SYSTEMS:
        return ""
    return f"it runs {system or 'an unknown system'}: only Debian 12 and 13 are supported"
