"""Facts about OpenSSL's configuration."""

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

MARKER = "ringfence-openssl"


class Weakened(FactBase[list[int]]):
    """The numbers of the lines by which OpenSSL takes old versions or weak keys."""

    def command(self, path: str) -> str:
        """Ask for those of one file; a file that isn't there has none."""
        return library("openssl") + call("weakening", path)

    @staticmethod
    def default() -> list[int]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[int]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found = []
        for words in answers(output, MARKER):
            match words:
                case ["line", number] if number.isdecimal():
                    found.append(int(number))
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found
