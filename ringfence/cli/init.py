"""``ringfence init``."""

from pathlib import Path

import click

from ringfence.site.sampling import write_sample

PURPOSES = {
    "hosts.yml": "your hosts: replace the sample's",
    "policy.yml": "people, keys, flows and what else the site decides",
    "waivers.yml": "exceptions, none so far",
    "known_hosts": "the host keys that are trusted: add those of your hosts",
    "inventory.py": "the same site for pyinfra",
    "README.md": "where evidence goes that no machine can measure",
}


@click.command(epilog="Example: ringfence init my-site")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
def init(directory: Path) -> int:
    """Write a commented sample site into DIR, a new or empty folder.

    The sample is a small contact center of nine hosts; its comments explain every key.
    """
    files = write_sample(directory)
    width = max(len(str(path)) for path in files)
    for path in files:
        click.echo(f"wrote {path!s:{width}}  {PURPOSES.get(path.name, '')}".rstrip())
    click.echo(
        "\nNext:\n"
        f"  1. put your hosts into {directory / 'hosts.yml'}, "
        f"your people and their keys into {directory / 'policy.yml'}\n"
        f"  2. ringfence check {directory}\n"
        f"  3. add the hosts' keys to {directory / 'known_hosts'}, which says how\n"
        f"  4. ringfence secrets add-recipient {directory} --owner NAME ~/.ssh/id_ed25519.pub, "
        f"and then\n     ringfence pki init {directory}: the authority that certifies your hosts\n"
        f"  5. ringfence doctor {directory}, and then ringfence verify {directory}: "
        "they change nothing\n"
        f"  6. ringfence plan {directory}, and then ringfence apply {directory}"
    )
    return 0
