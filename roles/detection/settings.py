"""What a site decides about intruders: how many tries they have, and who is never shut out."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from ringfence.site import Section, Site
from ringfence.site.networks import own_networks
from ringfence.site.section import Network

DAY, WEEK = 86_400, 604_800


@dataclass(frozen=True)
class Jail:
    """What fail2ban watches, and when it shuts an address out (jail.conf(5)); times in seconds."""

    filter: str
    reads: str
    """what of the journal it reads"""
    sets: str
    """the packet filter's sets, without 4 or 6. If bans of an hour and of a week lay in one, the
    end of the first would be the second's, too."""
    maxretry: int
    findtime: int
    bantime: int


class Settings(Section):
    """Detection of intruders: addresses that try to log in again and again are shut out."""

    attempts: int = Field(default=5, ge=3, le=20)
    """Failed logins of one address, within `within_minutes`, that shut it out."""
    within_minutes: int = Field(default=10, ge=1, le=1440)
    """The time in which they count."""
    ban_minutes: int = Field(default=60, ge=10, le=10080)
    """For how long an address is shut out; a week, if it was three times within a day."""
    never: list[Network] = Field(default_factory=list)
    """Addresses that are never shut out, beside the site's hosts and those from which it is
    administered: a carrier's, whose calls would end."""
    jails: list[
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
    ] = Field(default_factory=list)
    """Jails of the site's own, such as asterisk: each in /etc/fail2ban/jail.d/NAME.local, which
    stays. Other files there, and /etc/fail2ban/jail.local, go."""

    @property
    def own_jails(self) -> dict[str, Jail]:
        """Logins by ssh, by whatever else asks PAM, and addresses that were shut out before."""
        tries = {
            "maxretry": self.attempts,
            "findtime": self.within_minutes * 60,
            "bantime": self.ban_minutes * 60,
        }
        return {
            # Debian's unit; the programs of sshd have had several names.
            "sshd": Jail("ringfence-sshd", "_SYSTEMD_UNIT=ssh.service", "banned", **tries),
            "pam-generic": Jail("pam-generic", "SYSLOG_FACILITY=10", "banned", **tries),
            "recidive": Jail(
                *("ringfence-recidive", "_SYSTEMD_UNIT=fail2ban.service", "banned_long"),
                *(3, DAY, WEEK),
            ),
        }

    @property
    def jails_shown(self) -> dict[str, dict[str, Any]]:
        """Return the same for templates."""
        return {name: asdict(jail) for name, jail in self.own_jails.items()}

    def never_banned(self, site: Site) -> list[str]:
        """Return the networks that are never shut out, without doubles, in order."""
        return own_networks(site, self.never)
