"""Whether somebody hears of failures: what the role `alerts` declares and the firewall lets out."""

from collections.abc import Iterator

from ringfence.site.lints.lint import Lint, Subject, listed, warns
from ringfence.site.lints.paths import Wanted, leaves
from ringfence.site.problems import Problem


def nobody_hears_alerts(subject: Subject) -> Iterator[Problem]:
    """Nobody is told when the service of a control fails.

    A packet filter or a check that has stopped protects nobody, and nobody sees that (PCI DSS
    10.7.2, 10.7.3). IDS-03 is red.
    """
    settings = subject.settings("alerts")
    if subject.hosts_with("alerts") and not settings.channels:
        message = "names no channel: add one to `mail` or to `webhooks`"
        yield subject.in_policy(("alerts",), message, key=True)


def channel_out_of_reach(subject: Subject) -> Iterator[Problem]:
    """Hosts can't reach the server of a channel.

    Alerts wait on their disks, and nobody hears of them.
    """
    settings = subject.settings("alerts")
    hosts = subject.hosts_with("alerts")
    for address, port in settings.servers if hosts else ():
        wanted = Wanted((("tcp", port),))
        cut_off = [h.name for h in hosts if not leaves(subject, h, address, wanted)]
        if cut_off:
            message = (
                f"nothing lets {listed(cut_off)} out to {address} by {port}/tcp, so alerts stay "
                "there: add it to firewall.egress"
            )
            yield subject.in_policy(("alerts",), message, key=True)


LINTS: list[Lint] = [warns(nobody_hears_alerts), warns(channel_out_of_reach)]
