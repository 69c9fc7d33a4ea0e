"""What can go wrong, each with the exit code that docs/reference/exit-codes.md gives it."""


class RingfenceError(Exception):
    """Something that the user must read: one clear sentence, no traceback."""

    exit_code = 3


class ToolError(RingfenceError):
    """Ringfence itself, or a program that it needs, failed (exit code 3)."""

    exit_code = 3


class UsageError(RingfenceError):
    """The call or the site's files are wrong (exit code 4)."""

    exit_code = 4


class MissingToolsError(ToolError):
    """Programs are missing; the sentence names their Debian packages (exit code 3)."""

    def __init__(self, packages: set[str], purpose: str) -> None:
        self.packages = sorted(packages)
        super().__init__(
            f"{purpose} needs Debian packages that are not installed: "
            f"apt-get install {' '.join(self.packages)}"
        )
