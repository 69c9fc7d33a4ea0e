"""One time daemon that asks the site's sources (TIM-01), and clocks that show UTC (TIM-02)."""

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from ringfence.facts.clock import Clock
from ringfence.operations import clock, files, packages, systemd
from ringfence.operations.files import Directory, File
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.site.deploying import intent

CONFIGURATION = "/etc/chrony/chrony.conf"
OPTIONS = "/etc/default/chrony"
DROP_INS = "/etc/systemd/system/chrony.service.d"
IN_A_CONTAINER = f"{DROP_INS}/zz-ringfence-time.conf"
OTHER_DAEMONS = (
    *("systemd-timesyncd.service", "ntpsec.service", "openntpd.service", "ntpd.service"),
    *("ntp.service", "ntpsec-rotate-stats.timer", "ntpdate.service", "sntp.service"),
    *("ptp4l.service", "phc2sys.service", "timemaster.service", "chronyd-restricted.service"),
)
"""Units that would set the clock beside chronyd, by the names that Debian gives them."""
AS_CONFIGURED = """\
asked=$(chronyc -c -N sources -a | cut -d, -f3 | sort)
[ "$asked" = "$(printf %s "$1" | tr " " "\\n" | sort)" ] || exit 1
shift
answers() { chronyc accheck "$1" | grep -q "^208 "; }
for client; do answers "$client" || exit 1; done
! answers 192.0.2.1 && ! answers 2001:db8::1"""
"""Whether chronyd asks the sources that are its first argument, and answers its other arguments
and nobody else: its socket takes orders that no file has (chronyc(1), `add server`, `allow`)."""


@deploy("time")
def apply() -> None:
    """Apply TIM-01 and TIM-02. A site that names no source keeps the daemon that it has."""
    wanted = intent()
    settings = wanted.settings("time")
    if settings.is_declared:
        _one_daemon(in_a_container=host.get_fact(Clock)["container"])
    if settings.shows_utc(wanted.host):
        packages.installed(name="TIM-02 The zones are installed", names=["tzdata"])
        clock.utc(name="TIM-02 The host shows UTC")


def _one_daemon(*, in_a_container: bool) -> None:
    wanted = intent()
    settings, templates = wanted.settings("time"), wanted.site.house.templates_dir("time")
    upstreams = settings.upstreams(wanted.site, wanted.host)
    clients = settings.clients(wanted.site, wanted.host)
    asked = " ".join(one.address for one in upstreams)
    configuration = File(
        path=CONFIGURATION,
        content=render(
            templates,
            "chrony.conf",
            upstreams=upstreams,
            serves=settings.serves(wanted.host),
            clients=clients,
            local=settings.local(wanted.host),
        ),
        validators=[("chronyd", "-p", "-f", files.STAGE)],
    )
    options = render(templates, "default", container=in_a_container)
    drop_in = File(path=IN_A_CONTAINER, content=render(templates, "container.conf"))

    packages.installed(name="TIM-01 chrony is installed", names=["chrony"])
    files.tree(
        name="TIM-01 Whom chronyd asks, and who may ask it",
        directories=[Directory(path=DROP_INS)] if in_a_container else [],
        files=[
            configuration,
            File(path=OPTIONS, content=options),
            *([drop_in] if in_a_container else []),
        ],
        absent=[] if in_a_container else [IN_A_CONTAINER],
    )
    # Before chronyd starts anew: what a liar told it would be weighed against what it hears then.
    clock.alone(name="TIM-01 Nothing else keeps the time", stop=settings.others == "stop")
    systemd.services(
        name="TIM-01 chronyd runs, and no other time daemon",
        services=[
            *(Service(unit=unit, masked=True) for unit in OTHER_DAEMONS),
            Service(
                unit="chrony.service",
                restart_for=[CONFIGURATION, OPTIONS, IN_A_CONTAINER],
                ready=["chronyc", "-n", "tracking"],
                check=["sh", "-c", AS_CONFIGURED, "chronyd", asked, *clients],
            ),
        ],
    )
