"""The badge role as nobody should write it: everybody on the host may read the secret."""

from pyinfra.api.deploy import deploy

from ringfence import secrets
from ringfence.operations import files
from ringfence.site.deploying import intent


@deploy("badge")
def apply() -> None:
    """Write the secret to a file that is open to all."""
    password = secrets.load(intent().site)["badge_password"].get_secret_value()
    files.tree(
        name="TOY-02 The badge printer's secrets",
        files=[files.File(path="/etc/badge/public", content=f"new={password}\n")],
    )
