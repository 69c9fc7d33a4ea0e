"""Directories of data: what lies in them, whose it is, and whom their access lists let in.

Sources: find(1), acl(5), getfacl(1). Nothing is read of what the files hold.
"""

import shlex
from typing import Any

from ringfence.verify.probes.closed_files import AS_OUTSIDER

MOST_SHOWN = 20
TREE = "find {path} -xdev "
SHOWN = rf" -printf '%u:%g %m %p\0' | tr '\n\0' '?\n' | head -n {MOST_SHOWN}"

LISTS = r"""
{ find PATH -xdev -type d -print0 | xargs -0r getfacl -p --
  find PATH -xdev ! -type d ! -type l -print0 | xargs -0r getfacl -sp --
  find PATH -xdev ! -type d ! -type l -perm /0020 -print0 | xargs -0r getfacl -p --
} 2>/dev/null | SERVICE=NAME perl -00 -ne '
    my $service = $ENV{SERVICE};
    s/[ \t]*#effective:.*//mg;
    my ($file) = /^# file: (.*)/;
    for (/^((?:default:)?(?:user:[^:\n]+|group:[^:\n]*|other:):...)$/mg) {
        next if /^(default:)?user:\Q$service\E:/ && length $service;
        next if /^(default:)?group::.-.$/ || /^(default:)?other::---$/;
        print "$_ $file\n";
    }' | head -n MOST"""

WITHOUT_DEFAULTS = r"""
find PATH -xdev -type d -print0 | xargs -0r getfacl -p -- 2>/dev/null | perl -00 -ne '
    my ($file) = /^# file: (.*)/;
    print "$file\n" unless /^default:user::/m && /^default:group::/m && /^default:other::---$/m;
' | head -n MOST"""

ATTEMPTS = r"""
"$@" true || { echo 'no attempt could be made'; exit; }
find PATH -xdev \( -type d -o -type f \) -print0 | head -zn 5000 |
    "$@" xargs -0r sh -c '
        for path; do (: <"$path") 2>/dev/null && printf "%s\n" "$path"; done; :' sh |
    head -n MOST"""


def kind(host: Any, path: str) -> str:
    """Return ``directory``, another kind of file, ``missing``, or where a link on the way leads."""
    found = host.run("stat -c %%F -- %s", path).stdout.strip() or "missing"
    true = host.run("realpath -m -- %s", path).stdout.strip()
    return str(found) if true == path else f"by a link {true}"


def foreign(host: Any, path: str, group: str, service: str | None) -> list[str]:
    """Return what belongs to another group, or to neither root nor the service: some of it."""
    other = f" ! -user {shlex.quote(service)}" if service and _knows(host, service) else ""
    test = rf"\( ! -group {shlex.quote(group)} -o ! -user root{other} \)"
    return _find(host, path, test)


def group_entry(host: Any, group: str) -> str:
    """Return the name of a group if the host knows it, or an empty text."""
    return str(host.run("getent group -- %s", group).stdout.partition(":")[0])


def open_to_others(host: Any, path: str) -> list[str]:
    """Return what has a right of others, or lends its owner's rights to who starts it."""
    return _find(host, path, r"! -type l \( -perm /0007 -o -perm /4000 -o ! -type d -perm /2000 \)")


def not_passing_on(host: Any, path: str) -> list[str]:
    """Return directories whose new entries would get another group."""
    return _find(host, path, "-type d ! -perm -2000")


def foreign_entries(host: Any, path: str, service: str | None) -> list[str]:
    """Return entries of access lists, default ones too, that let in others than the group to read
    and the service: ``entry file``."""
    script = LISTS.replace("NAME", shlex.quote(service or ""))
    return _lines(host, script, path)


def without_defaults(host: Any, path: str) -> list[str]:
    """Return directories whose new entries others might get at."""
    return _lines(host, WITHOUT_DEFAULTS, path)


def readable_to_an_outsider(host: Any, path: str) -> list[str]:
    """Return what an account in no group can open, by opening the first thousands of it."""
    return _lines(host, f"set --\n{AS_OUTSIDER}{ATTEMPTS}", path)


def _knows(host: Any, account: str) -> bool:
    return bool(host.run("getent passwd -- %s", account).stdout)


def _find(host: Any, path: str, test: str) -> list[str]:
    command = TREE.format(path=shlex.quote(path)) + test + SHOWN
    found: list[str] = host.run(command).stdout.splitlines()
    return found


def _lines(host: Any, script: str, path: str) -> list[str]:
    command = script.replace("PATH", shlex.quote(path)).replace("MOST", str(MOST_SHOWN))
    found: list[str] = host.run(command).stdout.splitlines()
    return found
