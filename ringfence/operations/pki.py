"""Certificates: a host's own key, and what the site's authority says of it.

The key is made on the host and never leaves it; a request (PKCS #10) goes up, a certificate comes
down. Who signs is given by the role: a plan never does.
"""

from collections.abc import Collection, Generator
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host, state

from ringfence.errors import RingfenceError
from ringfence.facts.files import Tree, TreeState
from ringfence.facts.pki import Keys, KeyState, Leaves, OpenKeys, Request
from ringfence.facts.shell import call
from ringfence.operations.files import STAGE, Directory, File, tree_command
from ringfence.operations.shell import absolute, library
from ringfence.operations.telling import would

DIRECTORY = "/etc/ringfence/pki"
STAGED = ".new"
"""The directory, beside the key, of what waits for its certificate."""
CURVES = ("prime256v1", "secp384r1", "secp521r1")
RSA_BITS = 2048
CLOSED = "600:root:root"


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What the site's authority has for one host. A role gives a kind that asks again and signs."""

    authority: str = ""
    """PEM of the authority's certificate"""
    revoked: str = ""
    """PEM of its list of revoked certificates"""
    list_is_due: bool = False
    """whether that list is to be made anew before it is shipped"""
    certificate: str = ""
    """PEM of the host's certificate; empty when it needs another"""
    key: str = ""
    """SHA-256 (hex) of that certificate's public key"""
    known_keys: Collection[str] = ()
    """digests of the keys that were certified for the host, and may be again"""

    def now(self) -> "Papers":
        """Return what the authority has by now. Raises RingfenceError when that can't be told."""
        return self

    def demand_signer(self) -> None:
        """Raise RingfenceError when nobody could sign, before a host is asked for a request."""

    def signed(self, request: str) -> "Papers":
        """Have a request signed, and return what there is then. Raises RingfenceError."""
        raise RingfenceError(f"nobody signs here: {len(request)} letters")

    def with_new_list(self) -> "Papers":
        """Have the list made anew, and return what there is then. Raises RingfenceError."""
        raise RingfenceError("nobody signs here")


@operation()
def certificate(papers: Papers, directory: str = DIRECTORY) -> Generator[StringCommand, None, None]:
    """Ensure that a host has a key of its own, and the certificate that the authority gives it.

    `host.key` is made when it is missing, weak, no key at all, or not one that was certified for
    this host before and may be again: who put another there may have kept it.
    A certificate that the authority holds for the present key is put beside it; else one is signed,
    which needs the site's secrets. A new key takes its place together with its certificate. What
    an interrupted run left is taken up by the next. Nothing else may lie in the directory.
    """
    absolute(directory)
    try:
        held = papers.now()
        keys = _keys(directory)
        which = _certified(keys, held)
        if which is None:
            if state.is_executing:
                papers.demand_signer()
            yield _request(directory, keys["kept"], held)
            if not state.is_executing:
                return
            held = papers.signed(host.get_fact(Request, path=f"{directory}/{STAGED}/host.csr"))
            keys = _keys(directory)
            which = _certified(keys, held)
    except (RingfenceError, OSError) as error:
        yield _refusal(str(error))
        return
    if which is None:
        yield _refusal("the key changed while its certificate was being made; apply again")
        return
    commands = list(_settled(directory, keys, held, which))
    if not commands:
        host.noop("the key and its certificate are as the authority has them")
    yield from commands


@operation()
def trusted(papers: Papers, directory: str = DIRECTORY) -> Generator[StringCommand, None, None]:
    """Ensure that a host knows the site's authority (`ca.pem`) and whom it revoked (`crl.pem`).

    A list that is old is made anew first, which needs the site's secrets.
    """
    absolute(directory)
    try:
        held = papers.now()
        if held.list_is_due and state.is_executing:
            held = papers.with_new_list()
    except (RingfenceError, OSError) as error:
        yield _refusal(str(error))
        return
    files = [
        File(path=f"{directory}/ca.pem", content=held.authority),
        # A plan can't show a list that is made only when it is applied.
        File(
            path=f"{directory}/crl.pem",
            content=held.revoked,
            shown=False if held.list_is_due else None,
        ),
    ]
    found = host.get_fact(Tree, paths=[file.path for file in files])
    if held.list_is_due and not state.is_executing:
        found = _differing(found, files[1].path)
    command = tree_command(found, files, [], [])
    if command is None:
        host.noop("the authority and its list are as the site has them")
    else:
        yield command


@operation()
def keys_closed(place: str = "/etc") -> Generator[StringCommand, None, None]:
    """Ensure that others than owner and group have no right to a private key below a directory.

    Owner, group and content stay: a service may read its key by its group. One that reads it as one
    of the others can't, the next time that it starts: a plan names the files.
    """
    absolute(place)
    found = host.get_fact(OpenKeys, place=place)
    if not found:
        host.noop(f"no private key below {place} is open to others")
        return
    if not state.is_executing:
        _tell_closing(found)
    yield _script([call("close_to_others", path) for path in found])


@operation()
def declared(
    paths: list[str], remove: bool, place: str = "/etc"
) -> Generator[StringCommand, None, None]:
    """Ensure that no certificate lies below a directory but those at `paths`.

    Certificates of authorities, what the host trusts and what Ringfence brought are left alone.
    Without `remove` nothing is; with it the files are kept in /var/lib/ringfence/previous.
    """
    absolute(place)
    found = [path for path in host.get_fact(Leaves, place=place) if path not in set(paths)]
    if not remove or not found:
        host.noop(f"{len(found)} files hold a certificate that nothing declares")
        return
    for path in found:
        would("removal", path=path)
    yield _script(
        [line for path in found for line in (call("present", path), call("remove", path))]
    )


def _tell_closing(paths: list[str]) -> None:
    for path, entry in host.get_fact(Tree, paths=paths)["entries"].items():
        if entry is not None:
            would(
                "file",
                path=path,
                wanted={**entry, "mode": f"{int(entry['mode'], 8) & ~0o007:04o}"},
                found=entry,
                differs=False,
                content=None,
            )


def _keys(directory: str) -> dict[str, KeyState | None]:
    paths = {"kept": f"{directory}/host.key", "new": f"{directory}/{STAGED}/host.key"}
    found = host.get_fact(Keys, paths=list(paths.values()))
    if set(found) != set(paths.values()):
        # Nothing told is not no key: a key that is there would be made anew.
        raise RingfenceError("the host did not tell which keys it has; apply again")
    return {name: found[path] for name, path in paths.items()}


def _certified(keys: dict[str, KeyState | None], held: Papers) -> str | None:
    """Return which of the keys the authority's certificate is of: `kept`, `new`, or None."""
    for name, key in keys.items():
        if held.certificate and key is not None and key["digest"] == held.key:
            return name
    return None


def _request(directory: str, key: KeyState | None, held: Papers) -> StringCommand:
    is_new = key is None or not _is_strong(key) or key["digest"] not in held.known_keys
    paths = {f"{directory}/host.pem": "0644"}
    if is_new:
        paths = {f"{directory}/host.key": "0600", **paths}
    found = host.get_fact(Tree, paths=list(paths))["entries"]
    for path, mode in paths.items():
        would(
            "file",
            path=path,
            wanted={"mode": mode, "owner": "root", "group": "root"},
            found=found.get(path),
            differs=True,
            content=None,
            private=mode == "0600",
        )
    return _script([call("request", directory, "new" if is_new else "kept")])


def _is_strong(key: KeyState) -> bool:
    return key["kind"] in CURVES or (key["kind"] == "rsa" and key["bits"] >= RSA_BITS)


def _settled(
    directory: str, keys: dict[str, KeyState | None], held: Papers, which: str
) -> Generator[StringCommand, None, None]:
    """Yield what brings the certificate beside its key, and closes the key."""
    key = keys[which]
    if which == "kept" and key is not None and key["access"] != CLOSED:
        yield _script([call("close_key", f"{directory}/host.key")])
    place = Directory(
        path=directory, exclusive=True, kept=["host.key", "ca.pem", "crl.pem", STAGED]
    )
    path = f"{directory}/host.pem"
    of = f"{directory}/{STAGED}/host.key" if which == "new" else f"{directory}/host.key"
    file = File(
        path=path,
        content=held.certificate,
        validators=[("belongs", STAGE, of), ("settle", directory, which)],
    )
    found = host.get_fact(Tree, paths=[directory, path], directories=[directory])
    if STAGED in found["members"].get(directory, ()):
        found = _differing(found, path)  # so that it is settled though the file is right
    command = tree_command(found, [file], [place], [], library("pki"))
    if command is not None:
        yield command


def _differing(found: TreeState, path: str) -> TreeState:
    """Return the state as if a file had another content."""
    entry = found["entries"].get(path)
    changed = None if entry is None else {**entry, "sha256": None}
    return {**found, "entries": {**found["entries"], path: changed}}  # type: ignore[dict-item]


def _script(lines: list[str]) -> StringCommand:
    head = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    return StringCommand(library("tree") + library("pki") + "\n".join([*head, *lines]))


def _refusal(sentence: str) -> StringCommand:
    """Return what fails with a sentence, on this host alone: an exception would end all hosts."""
    words = call("printf", "ringfence: %s\\n", " ".join(sentence.split()))
    return StringCommand(f"{words} >&2; exit 1")
