"""Makes the pictures of the README from real runs: three containers are hardened, drift, and heal.

    python docs/images/make.py    # as root, with Debian's package chromium; takes five minutes

Nothing in the pictures is written by hand: the terminal is what the command prints on one, the
report is the page of the run that found the drift.
"""

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import yaml
from rich.console import Console
from rich.text import Text

from ringfence import lab as labs

HERE = Path(__file__).parent
HOUSE = HERE.parents[1]
HOSTS = ("bastion1", "collector1", "agent1")
GROUPS = ("bastion", "log_collector", "agents")
COLUMNS, ROWS = 104, 40
DRIFT = {
    "bastion1": "sed -i 's/^PermitRootLogin .*/PermitRootLogin yes/' /etc/ssh/sshd_config",
    "agent1": "systemctl disable --now -q ringfence-inventory.timer",
}
COMMAND = [sys.executable, "-c", "from ringfence.cli import main; main()"]


def main() -> None:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as folder:
        site = a_site(Path(folder) / "my-site")
        labs.up(site, say=print)
        try:
            begin_authority(site)
            run(site, "apply", wanted=0)
            for host, script in DRIFT.items():
                assert labs.run_on(site, host, script).returncode == 0
            run(site, "verify", wanted=1)
            report = max(site.glob("runs/*/report.html"), key=lambda path: path.stat().st_mtime_ns)
            picture_of_page(report, HERE / "report.png")
            said = {name: run(site, name, wanted) for name, wanted in (("plan", 2), ("apply", 0))}
        finally:
            labs.down(site, say=print)
    picture_of_terminal(said, HERE / "terminal.svg")


def a_site(path: Path) -> Path:
    """Return the demo's containers as a site, under a name and in a network of its own."""
    made = (".lab", "archive", "integrity", "pki", "reviews", "runs", "sealing", "secrets.*")
    shutil.copytree(HOUSE / "inventories/lab", path, ignore=shutil.ignore_patterns(*made))
    for name in ("hosts.yml", "lab.yml", "policy.yml"):
        document = yaml.safe_load((path / name).read_text().replace("10.77.0", "10.78.0"))
        if name == "policy.yml":
            flows = document["flows"]
            document["flows"] = [
                flow for flow in flows if {flow["from"], flow["to"]}.issubset(GROUPS)
            ]
            document["permissions"]["data"][0]["groups"] = ["agents", "bastion"]
        else:
            document["name"] = "my-site"
            document["hosts"] = {host: document["hosts"][host] for host in HOSTS}
        (path / name).write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def begin_authority(site: Path) -> None:
    """Make the authority that certifies the hosts, with the lab's key as the operator's."""
    key = site / ".lab/id_ed25519"
    os.environ["RINGFENCE_IDENTITY"] = str(key)
    recipient = ("secrets", "add-recipient", str(site), "--owner", "ana", f"{key}.pub")
    for words in (recipient, ("pki", "init", str(site))):
        subprocess.run(
            [*COMMAND, *words], check=True, env=os.environ | {"RINGFENCE_HOUSE": str(HOUSE)}
        )


def run(site: Path, name: str, wanted: int) -> str:
    """Run a command on a terminal and return what it printed there; its progress is left out."""
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (ROWS, COLUMNS))
    process = subprocess.Popen(
        [*COMMAND, name, site.name],
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=subprocess.PIPE,
        cwd=site.parent,
        env=os.environ | {"RINGFENCE_HOUSE": str(HOUSE), "TERM": "xterm-256color"},
    )
    os.close(end)
    said = b""
    try:
        while part := os.read(terminal, 65536):
            said += part
    except OSError:  # how Linux tells that nobody writes to a terminal any more
        os.close(terminal)
    _, complaints = process.communicate()
    assert process.returncode == wanted, (said + complaints).decode()
    return said.decode().replace("\r", "")


def picture_of_terminal(said: dict[str, str], path: Path) -> None:
    """Write what commands printed as an SVG; no font is fetched from anywhere."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(file=nowhere, record=True, width=COLUMNS, force_terminal=True)
        for name, text in said.items():
            console.print(Text.assemble(("$ ", "dim"), (f"ringfence {name} my-site", "bold")))
            console.print(Text.from_ansi(text.rstrip()))
            console.print()
    drawn = console.export_svg(title="ringfence", unique_id="terminal")
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))


def picture_of_page(page: Path, path: Path) -> None:
    """Have a browser draw the beginning of a page."""
    browser = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    shot = ["--window-size=1200,1000", f"--screenshot={path}", page.as_uri()]
    subprocess.run([*browser, *shot], check=True, capture_output=True)


if __name__ == "__main__":
    main()
