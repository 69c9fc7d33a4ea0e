"""Facts about the keys that a host made for its certificates, and about its request for one."""

import base64
import binascii
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

BEGIN, END = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"


class KeyState(TypedDict):
    """One private key that exists."""

    kind: str
    """the curve as OpenSSL calls it (prime256v1), or rsa; unknown for others, and for no key"""
    bits: int
    digest: str
    """SHA-256 (hex) of the public key (SubjectPublicKeyInfo, DER)"""
    access: str
    """mode, owner and group, as `600:root:root`"""


class Keys(FactBase[dict[str, KeyState | None]]):
    """The private keys at some paths; None where there is no regular file."""

    paths: list[str]

    def command(self, paths: list[str]) -> str:
        """Ask for private keys by path."""
        self.paths = list(paths)
        lines = [call("key", str(number), path) for number, path in enumerate(self.paths)]
        return library("pki") + "\n".join(lines)

    @staticmethod
    def default() -> dict[str, KeyState | None]:
        """Return a state in which there is none."""
        return {}

    def process(self, output: list[str]) -> dict[str, KeyState | None]:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-pki"):
            match words:
                case ["key", number, "absent"]:
                    state[self.paths[int(number)]] = None
                case ["key", number, kind, bits, digest, access]:
                    state[self.paths[int(number)]] = {
                        "kind": kind,
                        "bits": int(bits),
                        "digest": digest,
                        "access": access,
                    }
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class Request(FactBase[str]):
    """The request (PKCS #10, PEM) in a file; an empty text where there is none."""

    def command(self, path: str) -> str:
        """Ask for one file."""
        return call("cat", "--", path) + " 2>/dev/null || :"

    @staticmethod
    def default() -> str:
        """Return what stands for no request."""
        return ""

    def process(self, output: list[str]) -> str:
        """Take the request out of the answer."""
        lines = [line.strip() for line in output]
        if BEGIN not in lines or END not in lines:
            return ""
        return "\n".join([*lines[lines.index(BEGIN) : lines.index(END)], END, ""])


class OpenKeys(FactBase[list[str]]):
    """The files below a place that hold a private key and give others than owner and group rights.

    A private key in PEM begins with a line that says so (RFC 7468, 10).
    """

    def command(self, place: str = "/etc") -> str:
        """Ask for those below a directory, on its file system."""
        return library("pki") + call("open_keys", place)

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        return _paths("open", output)


class Leaves(FactBase[list[str]]):
    """The files below a place whose first certificate is no authority's.

    What the host trusts (/etc/ssl/certs) and what Ringfence brought is left out. A file that
    OpenSSL can't read is none.
    """

    def command(self, place: str = "/etc") -> str:
        """Ask for those below a directory, on its file system."""
        return library("pki") + call("leaves", place)

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        return _paths("leaves", output)


def _paths(word: str, output: list[str]) -> list[str]:
    found: list[str] = []
    for words in answers(output, "ringfence-pki"):
        if words[:1] != [word]:
            raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        try:
            names = base64.b64decode("".join(words[1:]), validate=True).split(b"\0")
        except binascii.Error:
            raise FactProcessError("unexpected answer about files") from None
        found += [name.decode(errors="backslashreplace") for name in names if name]
    return sorted(found)
