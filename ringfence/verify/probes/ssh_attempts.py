"""Real connections to a host's sshd, made by the host's own ssh client over its loopback.

OpenSSH from 9.8 shuts out a source address for a while when it fails too often
(``PerSourcePenalties`` in sshd_config(5)), so that each attempt comes from another loopback
address; the clock picks it, so that the command's text stays the same from run to run.
"""

import re
import shlex
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

PROPOSED_BY_SERVER = "peer server KEXINIT proposal"
PROPOSALS = {
    "KEX algorithms": "kex",
    "host key algorithms": "host keys",
    "ciphers ctos": "ciphers",
    "ciphers stoc": "ciphers",
    "MACs ctos": "macs",
    "MACs stoc": "macs",
}
ANY = "0.0.0.0"  # noqa: S104 - compared, never bound
LOOPBACK = "127.0.0.1"
SIGNALS = re.compile(r"^(kex-strict-|ext-info-)")  # no algorithms: RFC 8308, OpenSSH's PROTOCOL
DENIED = re.compile(r"Permission denied \(([^)]*)\)")
NO_COMMON = re.compile(r"no matching ([a-zA-Z ]+) found")
CHATTER = re.compile(r"^(debug[1-3]: |OpenSSH_|Warning: Permanently added|\*\* )")
VARYING_SOURCE = """\
n=$(( $(date +%s) * 3 + $$ ))
source="-b 127.{probe}.$(( n / 250 % 250 )).$(( n % 250 + 1 ))\""""
QUICK_FIRST = "KexAlgorithms=^curve25519-sha256"  # spares slow hosts the post-quantum exchange

CLIENT = [
    "ssh",
    *("-F", "/dev/null"),
    *("-o", "ConnectTimeout=10"),
    *("-o", "StrictHostKeyChecking=no"),
    *("-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "GlobalKnownHostsFile=/dev/null"),
    *("-o", "IdentityAgent=none"),
    *("-o", "BatchMode=yes"),
]
MAKE_KEY = """\
umask 077
folder=$(mktemp -d /dev/shm/ringfence.XXXXXX) || exit
trap 'rm -rf "$folder"' EXIT
ssh-keygen -q -t ed25519 -N '' -C probe -f "$folder/key" || exit
print=$(ssh-keygen -lf "$folder/key.pub" | cut -d' ' -f2)
echo "$print\""""
READ_LOG = """\
journalctl --sync
journalctl -q -o cat --since -1min -t sshd -t sshd-session -t sshd-auth | grep -F -- "$print\""""
GREETINGS = """\
greets() {
    address=${1%:*} port=${1##*:}
    case $address in
        '*' | 0.0.0.0) address=127.0.0.1 ;;
        '[::]') address=::1 ;;
        *) address=${address#[} address=${address%]} address=${address%\\%*} ;;
    esac
    read_four='exec 3<>"/dev/tcp/$0/$1" && head -c 4 <&3'
    greeting=$(timeout "$2" bash -c "$read_four" "$address" "$port" 2>/dev/null | tr -d '\\0')
    [ "$greeting" != SSH- ] || echo "$1"
}
all() {
    while read -r _ _ _ local _; do echo "$local"; done | sort -u | {
        while read -r local; do greets "$local" "$1" & done
        wait
    } | sort
}
began=$(date +%s)
ss -Htlnp | grep '"sshd' | all 20
ss -Htlnp | grep -v '"sshd' | all $(( 2 + 2 * ($(date +%s) - began) ))"""
"""How long sshd takes to greet says how long others are waited for, most of which never will."""
WITHOUT_KEY = ["-o", "PubkeyAuthentication=no", "-o", QUICK_FIRST]


@dataclass(frozen=True)
class Attempt:
    """What the client said of one connection."""

    text: str
    status: int = 255
    """The client's exit status: 255 unless the server let it in."""

    @property
    def methods(self) -> str:
        """The authentication methods that the server named when it refused, or the outcome."""
        denied = DENIED.search(self.text)
        return denied[1] if denied else self.outcome

    @property
    def outcome(self) -> str:
        """``let in``, ``refused``, ``no common cipher`` (MAC …), or the last line."""
        if self.status != 255:
            return "let in"
        if DENIED.search(self.text):
            return "refused"
        without = NO_COMMON.search(self.text)
        return f"no common {without[1]}" if without else self.last_line

    @property
    def last_line(self) -> str:
        """The last thing said."""
        said = [line.strip() for line in self.text.splitlines() if line.strip()]
        return said[-1] if said else "no answer"

    @property
    def banner(self) -> str:
        """The text that the server showed before authentication."""
        lines = [line for line in self.text.splitlines() if not CHATTER.match(line)]
        shown = [line for line in lines if not DENIED.search(line)]
        return "\n".join(shown).strip()

    @property
    def proposal(self) -> dict[str, list[str]]:
        """What the server offered: lists under ``kex``, ``host keys``, ``ciphers``, ``macs``.

        Empty when the server never said. Both directions of ciphers and MACs are in one list.
        """
        _, said, text = self.text.partition(PROPOSED_BY_SERVER)
        found: dict[str, list[str]] = {}
        for line in text.splitlines() if said else ():
            name, _, names = line.removeprefix("debug2: ").partition(": ")
            if name == "reserved 0" or line.startswith("debug2: reserved"):
                break
            if name in PROPOSALS:
                found.setdefault(PROPOSALS[name], []).extend(names.strip().split(","))
        return {name: list(dict.fromkeys(offered)) for name, offered in found.items()}


class SshAttempts:
    """Attempts to log in to a host's sshd."""

    def __init__(self, host: Any, listens: list[tuple[str, int]]) -> None:
        """Attempt on ``host`` (testinfra's), where sshd says that it ``listens``."""
        self._host = host
        reached = [(reachable(address), port) for address, port in listens] or [(LOOPBACK, 22)]
        # An address of version 4 comes first: only there a host has many addresses to come from.
        self._address, self._port = min(reached, key=lambda one: ":" in one[0])

    def without_key(self, user: str, probe: int) -> Attempt:
        """Try to log in as ``user`` with nothing; the server then says what it would take."""
        return self._attempt(probe, ["-vv", *WITHOUT_KEY, "-l", user])

    def with_algorithms(self, option: str, algorithms: list[str], probe: int) -> Attempt:
        """Connect with these algorithms alone, such as ``Ciphers`` and ``["aes128-cbc"]``.

        For ``MACs`` only ciphers that need a MAC are put forward.
        """
        chosen = ["-o", f"{option}={','.join(algorithms)}"]
        if option == "MACs":
            chosen += ["-o", "Ciphers=aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,aes256-cbc"]
        return self._attempt(probe, [*chosen, "-o", "PubkeyAuthentication=no", "-l", "nobody"])

    def with_foreign_key(self, user: str, probe: int) -> tuple[Attempt, str, str]:
        """Try to log in as ``user`` with a key that was made a moment ago.

        Returns the attempt, the fingerprint of the key, and the lines of the log that name it.
        The key is kept in memory (/dev/shm) and removed.
        """
        key = ["-i", "$folder/key", "-o", "IdentitiesOnly=yes", "-o", QUICK_FIRST, "-l", user]
        login = f"{self._script(probe, key)} 2>&1"
        answer = self._host.run(f'{MAKE_KEY}\n{login}\necho "=$?"\n{READ_LOG}')
        fingerprint, _, rest = answer.stdout.partition("\n")
        said, _, rest = rest.rpartition("\n=")
        status, _, logged = rest.partition("\n")
        return Attempt(said or answer.stderr, int(status or 255)), fingerprint, logged.strip()

    def _attempt(self, probe: int, arguments: list[str]) -> Attempt:
        # ssh's own 255 must not be the command's: whoever runs it over ssh takes that for a
        # connection that failed.
        answer = self._host.run(f'{self._script(probe, arguments)} 2>&1\necho "=$?"')
        said, _, status = f"\n{answer.stdout}".rpartition("\n=")
        return Attempt(said.removeprefix("\n"), int(status.strip() or 255))

    def _script(self, probe: int, arguments: list[str]) -> str:
        source, bind = 'source=""', "$source"
        if ip_address(self._address).version == 4:
            source = VARYING_SOURCE.replace("{probe}", str(probe))
        words = [*CLIENT, "-p", str(self._port), *arguments]
        quoted = " ".join(word if "$" in word else shlex.quote(word) for word in words)
        return f"{source}\n{quoted} {bind} {shlex.quote(self._address)} true"


def reachable(address: str) -> str:
    """Return the address at which the host itself reaches a listener bound to ``address``."""
    plain = address.partition("%")[0].strip("[]")
    if plain in {"*", ANY}:
        return LOOPBACK
    return "::1" if plain in {"::", ""} else plain


def listeners_that_speak_ssh(host: Any) -> list[tuple[str, int]]:
    """Return every TCP address and port of ``host`` at which something greets like an SSH server.

    A server speaks first (RFC 4253, 4.2), so that each listener is given a second to greet; its
    process may have any name.
    """
    found = []
    for line in host.check_output(GREETINGS).splitlines():
        address, _, port = line.rpartition(":")
        found.append((address.strip("[]").partition("%")[0], int(port)))
    return sorted(found)
