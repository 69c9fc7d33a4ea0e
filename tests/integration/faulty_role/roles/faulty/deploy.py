"""A role that locks its makers out: it runs fault.sh of its house."""

from pyinfra.api.deploy import deploy
from pyinfra.operations import server

from ringfence.site.deploying import intent


@deploy("faulty")
def apply() -> None:
    """Break the host."""
    script = (intent().site.house.root / "fault.sh").read_text()
    server.shell(name="TOY-02 The change that locks us out", commands=[script])
