"""Each host has a key of its own, which the site's authority certifies for 90 days (TLS-02)."""

from pyinfra.api.deploy import deploy

from ringfence.operations import files, packages, pki
from ringfence.operations.files import Directory
from ringfence.site.deploying import intent
from roles.pki.desk import Desk


@deploy("pki")
def apply() -> None:
    """Apply TLS-02. The list comes last, so that it knows what was signed for all hosts."""
    wanted = intent()
    settings = wanted.settings("pki")
    papers = Desk(site=wanted.site, host=wanted.host)

    packages.installed(
        name="TLS-02 What makes keys and requests is installed",
        names=["openssl"],
    )
    files.tree(
        name="TLS-02 The place of the host's key and certificates",
        directories=[Directory(path="/etc/ringfence"), Directory(path=pki.DIRECTORY)],
    )
    pki.certificate(
        name="TLS-02 The host has a key of its own, and the authority's certificate of it",
        papers=papers,
    )
    pki.trusted(
        name="TLS-02 The host knows the site's authority, and whom it revoked",
        papers=papers,
    )
    pki.keys_closed(name="TLS-02 Private keys of services are closed to others")
    pki.declared(
        name="TLS-02 No certificate lies on the host that nobody declared",
        paths=settings.declared_on(wanted.host),
        remove=settings.undeclared == "remove",
    )
