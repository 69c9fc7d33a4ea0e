"""Facts about sshd: its host keys, and the keys that accounts keep in their homes."""

import base64
import hashlib
import re
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library

PUBLIC_KEY = re.compile(r"\b((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)[ \t]+(AAAA[A-Za-z0-9+/]+=*)")


def keys_in(text: str) -> list[str]:
    """Return the public keys in a text, each as `algorithm base64`."""
    return [f"{algorithm} {blob}" for algorithm, blob in PUBLIC_KEY.findall(text)]


def fingerprint(key: str) -> str:
    """Return the fingerprint of `algorithm base64` as `ssh-keygen -l` prints it, `SHA256:…`."""
    blob = key.partition(" ")[2]
    try:
        digest = hashlib.sha256(base64.b64decode(blob)).digest()
    except ValueError:
        return "without a fingerprint"
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


class HostKeyState(TypedDict):
    """One host key that exists."""

    algorithm: str
    """ssh-ed25519, ssh-rsa …; empty when the key can't be read"""
    bits: int
    pair: bool
    """whether the .pub file holds the public half"""
    private_file: str
    """mode, owner and group of the private key, as `600:root:root`"""
    public_file: str
    """the same of the .pub file, or `absent`"""


class HostKeys(FactBase[dict[str, HostKeyState | None]]):
    """The host keys at some paths; None where there is none."""

    paths: list[str]

    def command(self, paths: list[str]) -> str:
        """Ask for private keys by path."""
        self.paths = list(paths)
        lines = [call("host_key", str(number), path) for number, path in enumerate(self.paths)]
        return library("ssh") + "\n".join(lines)

    @staticmethod
    def default() -> dict[str, HostKeyState | None]:
        """Return a state in which there is none."""
        return {}

    def process(self, output: list[str]) -> dict[str, HostKeyState | None]:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-ssh"):
            match words:
                case ["key", number, "absent"]:
                    state[self.paths[int(number)]] = None
                case ["key", number, kind, pair, private_file, public_file]:
                    algorithm, _, bits = kind.rpartition(":")
                    state[self.paths[int(number)]] = {
                        "algorithm": algorithm,
                        "bits": int(bits),
                        "pair": pair == "matches",
                        "private_file": private_file,
                        "public_file": public_file,
                    }
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class PersonalKeys(TypedDict):
    """One authorized_keys file in an account's home."""

    account: str
    file: str
    """authorized_keys or authorized_keys2"""
    keys: list[str]
    """algorithm and base64 text of each key"""


class PersonalKeyFiles(FactBase[list[PersonalKeys]]):
    """The authorized_keys files in the homes of all accounts."""

    def command(self) -> str:
        """Ask for all of them."""
        return library("ssh") + "personal_keys"

    @staticmethod
    def default() -> list[PersonalKeys]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[PersonalKeys]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found: list[PersonalKeys] = []
        for words in answers(output, "ringfence-ssh"):
            match words:
                case ["personal", account, file, *encoded]:
                    text = base64.b64decode("".join(encoded)).decode(errors="replace")
                    found.append({"account": account, "file": file, "keys": keys_in(text)})
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found


class KeyFiles(FactBase[dict[str, list[str]]]):
    """The lines of the files of keys in a directory, by the files' names."""

    def command(self, directory: str) -> str:
        """Ask for all of them."""
        return library("ssh") + call("key_files", directory)

    @staticmethod
    def default() -> dict[str, list[str]]:
        """Return none."""
        return {}

    def process(self, output: list[str]) -> dict[str, list[str]]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found: dict[str, list[str]] = {}
        for words in answers(output, "ringfence-ssh"):
            match words:
                case ["file", name, text]:
                    found[decoded(name)] = decoded(text).splitlines()
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found


class OtherServer(TypedDict):
    """A listening sshd that isn't the host's own service."""

    process: int
    unit: str
    """the service that it belongs to; empty if none"""


class OtherServers(FactBase[list[OtherServer]]):
    """The listening sshd processes of this host that don't belong to its service."""

    def command(self, unit: str = "ssh.service") -> str:
        """Ask for those outside `unit`."""
        return library("ssh") + call("other_servers", unit)

    @staticmethod
    def default() -> list[OtherServer]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[OtherServer]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found: list[OtherServer] = []
        for words in answers(output, "ringfence-ssh"):
            match words:
                case ["server", process, *unit]:
                    found.append({"process": int(process), "unit": " ".join(unit)})
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found
