"""Nothing is spoken in the clear, and OpenSSL's defaults stay Debian's own (TLS-01, TLS-03).

How the collector takes logs (TLS-01, TLS-04) is written by the role `logging`.
"""

from pyinfra.api.deploy import deploy

from ringfence.operations import nftables, openssl, surplus
from ringfence.operations.nftables import Declared
from ringfence.site.deploying import Intent, intent
from roles.tls.settings import MORE_PORTS, PORTS

CONFIGURATION = "/etc/ssl/openssl.cnf"


@deploy("tls")
def apply() -> None:
    """Apply TLS-01 and TLS-03."""
    wanted = intent()
    settings = wanted.settings("tls")
    remove = settings.clear_text == "remove"

    openssl.not_weakened(
        name="TLS-01 OpenSSL is told to take neither old versions nor weak keys",
        path=CONFIGURATION,
    )
    surplus.packages(
        name="TLS-03 Packages of protocols in the clear are not installed",
        unwanted=settings.unwanted_packages(wanted.host),
        remove=remove,
    )
    nftables.listeners(
        name="TLS-03 Nothing listens at the ports of protocols in the clear",
        declared=others(wanted),
        stop=remove,
    )


def others(wanted: Intent) -> list[Declared]:
    """Return all sockets that may listen as far as this role goes: all but those in the clear."""
    borne = wanted.settings("tls").borne(wanted.host)
    found = []
    for protocol in ("tcp", "udp"):
        shut = sorted({*PORTS[protocol], *MORE_PORTS[protocol]})
        first = 1
        for port in [port for port in shut if (protocol, port) not in borne]:
            # On the loopback nobody listens in; what may be there at all is the packet filter's.
            found.append(Declared(protocol=protocol, ports=(port, port), loopback_only=True))
            if first < port:
                found.append(Declared(protocol=protocol, ports=(first, port - 1)))
            first = port + 1
        found.append(Declared(protocol=protocol, ports=(first, 65535)))
    return found
