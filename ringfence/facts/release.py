"""Facts about the release of Debian."""

from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers


class Release(FactBase[int]):
    """The major version of Debian; 0 for testing and unstable, which have no number."""

    def command(self) -> str:
        """Ask /etc/os-release (os-release(5))."""
        return (
            "printf 'ringfence-release\\n'; "
            "( . /etc/os-release && printf '%s\\n' \"${VERSION_ID:-0}\" )"
        )

    @staticmethod
    def default() -> int:
        """Return 0."""
        return 0

    def process(self, output: list[str]) -> int:
        """Parse the number."""
        words = [word for line in answers(output, "ringfence-release") for word in line]
        major = words[0].partition(".")[0] if words else ""
        return int(major) if major.isdigit() else 0
