"""What a kernel is told is read from the one that runs here."""

import subprocess
from pathlib import Path

from ringfence.facts.kernel import Kernel


def test_settings_are_those_of_proc_sys() -> None:
    names = [
        "kernel.randomize_va_space",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.conf.*.rp_filter",
    ]
    fact = Kernel()
    command = fact.command(names=[*names, "kernel.there_is_none", "net.ipv4.none.*.x"])
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    found = {value["path"]: value for value in fact.process(answer.stdout.splitlines())["values"]}
    files = {
        path: name
        for name in names
        for path in Path("/proc/sys").glob(name.replace(".", "/"))
        if path.is_file()
    }
    assert len(files) > len(names)
    assert {str(path): (name, path.read_text().strip()) for path, name in files.items()} == {
        path: (value["name"], value["value"]) for path, value in found.items()
    }
