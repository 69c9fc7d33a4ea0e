"""The badge role: a file with secrets."""

from pyinfra.api.deploy import deploy

from ringfence import secrets
from ringfence.operations import files
from ringfence.rendering import render
from ringfence.site.deploying import intent


@deploy("badge")
def apply() -> None:
    """Write the secrets to a file that root alone reads."""
    wanted = intent()
    known = secrets.load(wanted.site)
    content = render(
        wanted.site.house.templates_dir("badge"),
        "password",
        password=known["badge_password"].get_secret_value(),
        key=known["badge_key"].get_secret_value(),
    )
    files.tree(
        name="TOY-02 The badge printer's secrets",
        directories=[files.Directory(path="/etc/badge", mode="0700")],
        files=[
            files.File(
                path="/etc/badge/password",
                content=content,
                mode="0600",
                validators=[("test", "!", "-e", "/etc/badge-is-refused")],
            )
        ],
    )
