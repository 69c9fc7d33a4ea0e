"""What a verification does without pytest: asks every host of a site all that the suite asks.

python -m bench.asking SITE
"""

import sys
from pathlib import Path

from ringfence.side_by_side import HOSTS_AT_ONCE, side_by_side
from ringfence.site import Host, load_site
from ringfence.site.ssh import ssh_command
from ringfence.verify.answers import Snapshot
from ringfence.verify.backend import Source
from ringfence.verify.questions import Questions


def ask_all(site_folder: Path) -> None:
    """Ask, and keep the answers as a run does, in a folder beside the site."""
    site = load_site(site_folder)
    questions = Questions(site.path, site.house.baseline_dir)

    def ask(host: Host) -> None:
        source = Source(Snapshot.begin(host.name), ssh_command(site, host), become_root=True)
        source.collect(questions.for_host(host.name))
        source.snapshot.save(site_folder / "asked")

    side_by_side(site.hosts.values(), ask, HOSTS_AT_ONCE)


if __name__ == "__main__":
    ask_all(Path(sys.argv[1]))
