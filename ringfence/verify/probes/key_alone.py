"""Whether a key alone opens an account: tried on a sshd with the host's own configuration.

Nobody's key is at hand, so a sshd is started for this one connection, over a pipe (sshd(8), -i): it
listens nowhere, reads the configuration that the host's sshd reads, and takes a key that was made a
moment ago for the account's. What it then still asks for is what the account needs beside a key.

Who is let in leaves no record of a login, which would make an account that nobody uses look alive.
Nobody is tried where sshd itself says that a key is enough.
"""

import shlex
from collections.abc import Iterable
from typing import Any

from ringfence.verify.probes.ssh_attempts import CLIENT, MAKE_KEY, QUICK_FIRST, Attempt

SERVER = (
    "/usr/sbin/sshd -i -o 'AuthorizedKeysCommand=/usr/bin/echo %%t %%k'"
    " -o AuthorizedKeysCommandUser=nobody -o LogLevel=QUIET"
)
TRY = """\
[ "$(id -u)" = 0 ] || { echo not root; exit; }
unshare --mount true || exit
{make_key}
without_trace() {
    unshare --mount sh -c '
        for folder in /var/log /var/lib/lastlog /var/lib/wtmpdb; do
            [ ! -d "$folder" ] || mount -t tmpfs tmpfs "$folder" || exit 255
        done
        exec "$@"' sh "$@"
}
for user in {users}; do
    echo "=$user"
    needs=$(/usr/sbin/sshd -T -C "user=$user,host=localhost,addr=127.0.0.1" |
        sed -n 's/^authenticationmethods //p')
    case $needs in
        any | publickey) echo "AuthenticationMethods $needs" && echo '~0' ;;
        *) without_trace {client} -l "$user" localhost true </dev/null 2>&1; echo "~$?" ;;
    esac
done"""


def still_asked(host: Any, users: Iterable[str]) -> dict[str, str] | None:
    """Return what each account is still asked for after its key: methods, or ``let in``.

    No attempt is made where it can't be hidden from the host's records: that is an error.
    ``publickey`` means that the key itself was refused. None where sshd can't be started, for only
    root may: who verifies without root can't tell.
    """
    words = [*CLIENT, "-o", f"ProxyCommand={SERVER}", "-o", "IdentitiesOnly=yes"]
    client = " ".join([*map(shlex.quote, [*words, "-o", QUICK_FIRST]), "-i", '"$folder/key"'])
    script = (
        TRY.replace("{make_key}", MAKE_KEY)
        .replace("{client}", client)
        .replace("{users}", " ".join(map(shlex.quote, users)))
    )
    text = host.check_output(script)
    if text.startswith("not root"):
        return None
    found = {}
    for part in text.split("\n=")[1:]:
        user, _, rest = part.partition("\n")
        said, _, status = rest.rpartition("~")
        found[user] = Attempt(said, int(status)).methods
    return found
