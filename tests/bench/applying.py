"""One state of about sixty operations: kept by Ringfence, by stock pyinfra, by ansible-core."""

import json
import re
import sys
from pathlib import Path
from statistics import median

from bench import table, usage
from bench.place import HOST, Place, reset

HERE = Path(__file__).parent
SETTINGS = "from roles.bench.settings import Settings; print(Settings().model_dump_json())"
PYTHON = "DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-apt"
INVENTORY = """hosts = [
    (
        "{host}",
        {{
            "ssh_config_file": "{state}/ssh_config",
            "ssh_known_hosts_file": "{state}/known_hosts",
            "ssh_strict_host_key_checking": "yes",
            "_sudo": True,
        }},
    )
]
"""
ANSIBLE = """[defaults]
interpreter_python = /usr/bin/python3
[connection]
pipelining = true
"""
UNCHANGED = {
    "Ringfence": re.compile(r"ok, 0 changed"),
    "pyinfra": re.compile(r"Grand total +(\d+) +- +- +\1 "),
    "Ansible": re.compile(r"ok=\d+ +changed=0 .* failed=0"),
}
"""What each prints when there was nothing to change."""


class Tools:
    """The three tools, each with what it needs in a folder of the bench."""

    def __init__(self, place: Place) -> None:
        """Write inventories and variables."""
        self.place = place
        self.folder = place.root / "tools"
        self.folder.mkdir(exist_ok=True)
        ask = [sys.executable, "-c", SETTINGS]
        state = json.loads(usage.run(ask, place.environment, cwd=place.house).output)
        state |= {"groups_of_bench": state.pop("groups")}
        state |= {"templates": str(place.house / "templates/bench")}
        inventory = INVENTORY.format(host=HOST, state=place.state)
        common = f"ansible_ssh_common_args='-F {place.state}/ssh_config'"
        files = {
            "hosts.py": inventory,
            "hosts.ini": f"{HOST} {common}\n",
            "ansible.cfg": ANSIBLE,
            "state.json": json.dumps(state),
        }
        for name, content in files.items():
            (self.folder / name).write_text(content)
        self.commands = {
            "Ringfence": place.ringfence(
                "apply", str(place.site), "--limit", HOST, "--no-verify", "--role", "bench"
            ),
            "pyinfra": [
                *(sys.executable, "-m", "pyinfra", "-y", "hosts.py"),
                str(HERE / "same_state/pyinfra_deploy.py"),
            ],
            "Ansible": [
                *(str(place.ansible()), "-i", "hosts.ini", "-e", "@state.json"),
                str(HERE / "same_state/playbook.yml"),
            ],
        }

    def apply(self, tool: str) -> usage.Usage:
        """Have a tool bring the host to the state. Raises RuntimeError when it fails."""
        done = usage.run(self.commands[tool], self.place.environment, cwd=self.folder)
        if done.code:
            raise RuntimeError(f"{tool}: {done.output[-3000:]}")
        return done

    def finds_nothing(self, tool: str) -> usage.Usage:
        """Have a tool find that the host is in that state. Raises RuntimeError when it isn't."""
        done = self.apply(tool)
        if not UNCHANGED[tool].search(done.output):
            raise RuntimeError(f"{tool} changed something: {done.output[-3000:]}")
        return done


def measure(place: Place, repeat: int, first_repeat: int) -> str:
    """Measure, and return the tables."""
    tools = Tools(place)
    first: dict[str, list[float]] = {tool: [] for tool in tools.commands}
    for turn in range(first_repeat):
        for tool in tools.commands:
            reset(place)
            place.on(HOST, PYTHON)
            first[tool].append(tools.apply(tool).wall)
            if turn == 0:  # that it is the same state, the others say
                for other in tools.commands:
                    tools.finds_nothing(other)
    # The first run after a change has something to learn: what the host answers at rest.
    learning = [tools.finds_nothing("Ringfence").wall]
    rest: dict[str, list[float]] = {tool: [] for tool in tools.commands}
    for _ in range(repeat):
        for tool in tools.commands:
            rest[tool].append(tools.finds_nothing(tool).wall)
    return _tables(first, rest, learning)


def _tables(
    first: dict[str, list[float]], rest: dict[str, list[float]], learning: list[float]
) -> str:
    names = {
        "Ringfence": "`ringfence apply --no-verify`",
        "pyinfra": "stock pyinfra, 63 operations",
        "Ansible": "ansible-core, pipelining, the same in tasks with loops",
    }
    rows = [(names[tool], table.seconds(first[tool]), table.seconds(rest[tool])) for tool in names]
    others = min(median(first["pyinfra"]), median(first["Ansible"]))
    promised = [
        table.times("nothing to change, against pyinfra", rest["pyinfra"], rest["Ringfence"], 5),
        table.times("nothing to change, against Ansible", rest["Ansible"], rest["Ringfence"], 20),
        table.Aim(
            "first apply",
            f"{others / median(first['Ringfence']):.1f} times faster than the faster of them",
            "faster than both",
            median(first["Ringfence"]) < others,
        ),
    ]
    head = ("the same state, one host, whole commands", "first apply", "nothing to change")
    turns = f"First applies: {len(first['Ringfence'])} of each, on a host made afresh. "
    told = (
        f"The first run of Ringfence after a change starts pyinfra to learn what the host answers "
        f"at rest: {learning[0]:.2f} s.\n"
    )
    return f"{table.table(head, rows)}\n{table.aims(promised)}\n{turns}{told}"
