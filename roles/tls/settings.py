"""Protocols in the clear: which ones a site bears, and what becomes of others."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import Line, Port

PORTS = {
    "tcp": (21, 23, 69, 79, 111, 161, *range(512, 515)),
    "udp": (21, 23, 69, 79, 111, 161, *range(512, 515)),
}
"""Ports of FTP, telnet, TFTP, finger, the port mapper, SNMP; of rexec, rlogin, rsh and syslog."""
MORE_PORTS = {"tcp": (5038, 8021, 11211, *range(5900, 5904)), "udp": (11211,)}
"""Ports of what has no TLS there: Asterisk's manager, FreeSWITCH's event socket, memcached, VNC."""
PACKAGES = (
    *("telnetd", "inetutils-telnetd", "telnetd-ssl", "telnet", "inetutils-telnet"),
    *("rsh-server", "rsh-redone-server", "rsh-client", "rsh-redone-client", "rwho", "rwhod"),
    *("ftpd", "inetutils-ftpd", "proftpd-core", "proftpd-basic", "pure-ftpd", "vsftpd"),
    *("ftp", "inetutils-ftp", "tnftp"),
    *("atftpd", "inetutils-tftpd", "tftpd", "tftpd-hpa"),
    *("finger", "fingerd", "efingerd", "talk", "talkd"),
    *("inetutils-talk", "inetutils-talkd"),
    *("nis", "ypbind-mt", "ypserv", "rpcbind", "snmpd", "snmptrapd"),
)
"""Packages that take or send passwords and data in the clear."""


class Exempt(Section):
    """A protocol in the clear that a site bears, such as one within a tunnel."""

    port: Port
    """The port at which it listens."""
    protocol: Literal["tcp", "udp"] = "tcp"
    """By what it is reached."""
    packages: list[
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$", max_length=100)]
    ] = Field(default_factory=list)
    """Debian packages by which it comes, such as tftpd-hpa."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it is; `all` means every host."""
    purpose: Line
    """What it is for, and what protects it instead, for the auditor."""


class Settings(Section):
    """Protocols in the clear: which ones a site bears, and what becomes of others."""

    exceptions: list[Exempt] = Field(default_factory=list)
    """Protocols in the clear that the site bears; any other leaves TLS-03 red. A service that
    says nothing to anybody, so that nobody can tell what it speaks, needs an exception too."""
    clear_text: Literal["report", "remove"] = "report"
    """What becomes of packages of protocols in the clear, and of services at their ports: they stay
    and leave TLS-03 red, or are removed and stopped."""

    def borne(self, host: Host) -> set[tuple[str, int]]:
        """Return the protocols (tcp or udp) and ports at which a host may speak in the clear."""
        return {(each.protocol, each.port) for each in self._of(host)}

    def unwanted_packages(self, host: Host) -> list[str]:
        """Return the packages that a host must not have."""
        borne = {package for each in self._of(host) for package in each.packages}
        return [package for package in PACKAGES if package not in borne]

    def _of(self, host: Host) -> list[Exempt]:
        return [
            each for each in self.exceptions if any(host.in_group(group) for group in each.groups)
        ]
