"""What programs take by OpenSSL that set nothing themselves (config(5ssl))."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.openssl import Weakened
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library
from ringfence.operations.telling import would_edit


@operation()
def not_weakened(path: str) -> Generator[StringCommand, None, None]:
    """Ensure that OpenSSL's configuration allows nothing that OpenSSL by itself does not.

    Debian's OpenSSL takes TLS 1.2 and later at security level 2. Lines that say less (an older
    least version, level 0 or 1) say TLS 1.2, and level 2 with the usual suites; a copy of the file
    is kept. A host without the file has nothing of that.
    """
    numbers = host.get_fact(Weakened, path=absolute(path))
    if not numbers:
        host.noop(f"nothing in {path} weakens OpenSSL")
        return
    would_edit({path: numbers}, "says TLS 1.2, or level 2", "say TLS 1.2, or level 2")
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    strengthened = call("strengthen", path, *(str(number) for number in numbers))
    libraries = library("tree") + library("openssl")
    yield StringCommand(libraries + "\n".join([*opening, strengthened]))
