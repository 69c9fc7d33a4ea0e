"""The toy role: one file."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files
from ringfence.rendering import render
from ringfence.site.deploying import intent


@deploy("toy")
def apply() -> None:
    """Write the words of the day."""
    wanted = intent()
    text = render(
        wanted.site.house.templates_dir("toy"),
        "toy",
        message=wanted.settings("toy").message,
    )
    files.tree(
        name="TOY-01: the words of the day",
        files=[files.File(path="/etc/toy", content=text)],
    )
