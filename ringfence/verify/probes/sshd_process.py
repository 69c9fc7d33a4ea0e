"""The sshd that runs, beside its files: its options, and whether it has read what they say now."""

import re
import shlex
from pathlib import PurePosixPath
from typing import Any

from ringfence.verify.probes.sshd_configuration import SshdConfiguration

UNIT = "ssh.service"
ARGUMENTS = re.compile(r"argv\[\]=(.*?) ;")
LISTENERS = r"""
for name in $(grep -lsx sshd /proc/[0-9]*/comm); do
    tr '\0' ' ' <"${name%comm}cmdline"
    echo
done 2>/dev/null | sed -n 's/ \[listener\].*//p'"""
"""Sessions are left out, and how many wait: that changes while somebody logs in or out."""
VARIABLE = re.compile(r"^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$")


def running_options(host: Any) -> list[list[str]]:
    """Return the options of each sshd that listens: its command line without the program.

    sshd tells in its title that it listens, which needs no right to look into its sockets.
    """
    lines = host.check_output(LISTENERS).splitlines()
    return [line.removeprefix("sshd: ").split()[1:] for line in lines]


def start_options(host: Any) -> list[str]:
    """Return the options with which systemd would start sshd, its variables filled in."""
    shown = host.check_output(
        f"systemctl show {UNIT} -p ExecStart -p Environment -p EnvironmentFiles"
    )
    properties = dict(line.partition("=")[::2] for line in shown.splitlines())
    variables = _assignments(shlex.split(properties.get("Environment", "")))
    for named in re.findall(r"([^\s=]+) \(ignore_errors=", shown):
        text = host.run("cat -- %s", named).stdout
        variables |= _assignments(line.strip() for line in text.splitlines())
    arguments = ARGUMENTS.search(properties.get("ExecStart", ""))
    options: list[str] = []
    for word in arguments[1].split()[1:] if arguments else [f"{UNIT} has no command"]:
        variable = VARIABLE.match(word)
        options += variables.get(variable[1], "").split() if variable else [word]
    return options


def files_and_folders(configuration: SshdConfiguration) -> list[str]:
    """Return every file that sshd's configuration is read from, and the folders that hold them."""
    folders = (str(PurePosixPath(path).parent) for path in configuration.files)
    return list(dict.fromkeys([*configuration.files, *folders]))


def changed_since_read(host: Any, configuration: SshdConfiguration) -> list[str]:
    """Return the configuration's files and folders that changed after sshd last read them.

    sshd writes its pid file anew whenever it reads its configuration. Of a file the time of
    the last change of its status is taken, which ``touch`` can't set; of a folder of drop-ins the
    time at which a file was last added or removed.
    """
    pid_file = configuration.settings["pidfile"][0]
    ((_, read_at),) = _times(host, "%.9Y", [pid_file])
    times = _times(host, "%.9Z", configuration.files)
    times += _times(host, "%.9Y", configuration.included_folders)
    return [path for path, changed_at in times if changed_at > read_at]


def _times(host: Any, what: str, paths: list[str]) -> list[tuple[str, float]]:
    """Return each path that exists with a time; ``what`` is the directive of stat(1)."""
    if not paths:
        return []
    words = " ".join(shlex.quote(path) for path in paths)
    lines = host.run(f"stat -L -c '{what} %n' -- {words}").stdout.splitlines()
    return [(path, float(moment)) for moment, _, path in (line.partition(" ") for line in lines)]


def _assignments(words: Any) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and not name.startswith("#"):
            found[name] = value.strip("\"'")
    return found
