"""What a host is for: its software and services, its schedules, what it tells, its radios."""

from ipaddress import ip_address

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import notices, radio_devices, schedules, unit_origins
from ringfence.verify.probes.drop_log import in_a_container
from ringfence.verify.probes.listening_sockets import listening

MAIL = {25, 465, 587}
CLOSED = r" (regular( empty)? file|directory) root:root [0-7]?[0-7]00$"
LIST_OF_ACCOUNTS = r"^/etc/(cron|at)\.allow regular file root:(root|crontab|daemon) 6[04]0$"
ENTERPRISE = ["wpa-eap", "wpa-eap-sha256", "wpa-eap-suite-b-192", "sae"]
REFUSED = r"^install /bin/(false|true)"


# SYS-01: software and services


@control("SYS-01")
def test_no_package_is_installed_that_the_host_does_not_need(host, policy, declared, expect):
    surplus = policy.system.surplus_of(declared)
    found = installed(host)
    expect("installed packages", len(found), at_least=1)
    extra = [f"{name} ({surplus[name]})" for name in sorted(found & set(surplus))]
    expect("packages that the host does not need", extra, nothing=True)


@control("SYS-01")
def test_what_starts_at_boot_came_with_a_package(host, policy, declared, expect):
    units = unit_origins.at_boot(host)
    expect("units that start at boot", len(units), at_least=1)
    extra = undeclared(unit_origins.foreign(host, units), policy, declared)
    expect("units that start and nobody declared", extra, nothing=True)


@control("SYS-01")
def test_what_runs_came_with_a_package(host, policy, declared, expect):
    units = unit_origins.running(host)
    expect("units that run", len(units), at_least=1)
    extra = undeclared(unit_origins.foreign(host, units), policy, declared)
    expect("units that run and nobody declared", extra, nothing=True)


@control("SYS-01")
def test_nobody_changed_what_a_packages_unit_does(host, policy, declared, expect):
    declared_units = policy.system.sites_units_of(declared)
    known = {*policy.system.drop_ins, *policy.confinement.drop_ins_of(declared)}
    extra = [
        str(unit)
        for unit in unit_origins.changes(host)
        if unit.name not in declared_units and unit.file not in known
    ]
    expect("files that change units and nobody declared", extra, nothing=True)


@control("SYS-01")
def test_mail_is_taken_from_the_host_itself_alone(host, policy, declared, expect):
    flows = [flow.ports for flow in policy.flows if declared.in_group(flow.destination)]
    relayed = {port for port in MAIL for first, last in flows if first <= port <= last}
    sockets = [one for one in listening(host) if one.protocol == "tcp" and one.port in MAIL]
    extra = [str(one) for one in sockets if one.port not in relayed and is_reached(one.address)]
    expect("sockets that take mail from others", extra, nothing=True)


# SYS-06: one function, schedules, notices


@control("SYS-06")
def test_the_host_has_one_primary_function(host, policy, declared, expect):
    own = policy.system.functions_of(declared)
    shown = policy.system.functions_by(declared, installed(host))
    expect("functions that packages show", shown, within=own)
    if len(own) > 1:
        may = policy.system.may_share(own)
        expect(f"whether the site lets {' and '.join(own)} share a host", may, equals=True)


@control("SYS-06")
def test_only_root_sees_and_changes_the_schedules(host, expect):
    found = schedules.tables(host)
    expect("tables and directories of schedules", len(found), at_least=1)
    for table in found:
        expect("schedule", str(table), matches=CLOSED)


@control("SYS-06")
def test_only_declared_accounts_may_schedule(host, policy, expect):
    wanted = sorted({"root", *policy.system.schedulers})
    found = schedules.lists(host)
    for path in ("/etc/cron.allow", "/etc/at.allow"):
        shown = str(found.get(path, f"{path} missing"))
        expect("list of those who may schedule", shown, matches=LIST_OF_ACCOUNTS)
        expect(f"accounts in {path}", sorted(schedules.names(host, path)), equals=wanted)
    denied = [path for path in found if path.endswith(".deny")]
    expect("lists of those who may not, which let all others", denied, nothing=True)


@control("SYS-06")
def test_nobody_else_has_scheduled_anything(host, policy, expect):
    extra = set(schedules.planners(host)) - {"root", *policy.system.schedulers}
    expect("accounts with schedules that may have none", sorted(extra), nothing=True)


@control("SYS-06")
def test_a_console_tells_the_notice_and_nothing_of_the_host(host, policy, expect):
    shown = notices.console(host)
    expect("text on a console", flat(shown), equals=flat(policy.system.notice))
    expect("what that tells of the host", notices.told(host, shown), nothing=True)


@control("SYS-06")
def test_a_login_tells_the_duties_and_nothing_of_the_host(host, policy, expect):
    shown = notices.login(host)
    expect("text after a login", flat(shown), equals=flat(policy.system.duties))
    expect("what that tells of the host", notices.told(host, shown), nothing=True)


@control("SYS-06")
def test_only_root_changes_the_notices(host, expect):
    expect("notices open to others", notices.open_to_others(host), nothing=True)


# SYS-07: radios


@control("SYS-07")
def test_no_radio_sends_that_may_not(host, policy, declared, expect):
    allowed = radios(policy, declared)
    extra = [
        f"{name} ({kind})" for kind, name in radio_devices.sending(host) if kind not in allowed
    ]
    expect("radios that send", extra, nothing=True)
    # In a container drivers are loaded by the kernel of the computer that runs it.
    if not in_a_container(host):
        for kind in sorted({"wireless", "bluetooth"} - allowed):
            for module, how in radio_devices.loading(host, kind).items():
                expect(f"how {module} is loaded", how, matches=REFUSED)


@control("SYS-07")
def test_no_service_drives_a_radio_that_may_not_send(host, policy, declared, expect):
    for kind in sorted({"wireless", "bluetooth"} - radios(policy, declared)):
        found = radio_devices.services(host, kind)
        expect(f"services of {kind} radios that can start", found, nothing=True)


@control("SYS-07")
def test_only_wireless_networks_with_strong_keys_are_known(host, policy, declared, expect):
    allowed = ENTERPRISE if "wireless" in radios(policy, declared) else []
    weak = [str(one) for one in radio_devices.networks(host) if one.management not in allowed]
    expect("wireless networks that may not be known", weak, nothing=True)


@control("SYS-07")
def test_wireless_cards_show_no_address_of_their_own(host, policy, declared, expect):
    if "wireless" not in radios(policy, declared):
        not_applicable("the host may not use Wi-Fi")
    rules = radio_devices.addresses(host)
    general = [rule for rule in rules if rule.is_for_every_network]
    expect("rules of addresses for every network", len(general), at_least=1)
    showing = [str(rule) for rule in rules if not rule.hides]
    expect("what shows a card's own address", showing, nothing=True)


def installed(host):
    """Return the names of the packages that are installed."""
    lines = host.check_output(
        "dpkg-query -W -f=%s", "${db:Status-Status} ${Package}\\n"
    ).splitlines()
    return {line.split()[1] for line in lines if line.startswith("installed ")}


def undeclared(units, policy, declared):
    """Return in words those units that the site doesn't declare."""
    wanted = policy.system.units_of(declared)
    return [str(unit) for unit in units if unit.name not in wanted]


def radios(policy, declared):
    """Return the kinds of radio that the host may use."""
    allowed = {"wireless": policy.system.has_wireless(declared)}
    allowed["bluetooth"] = policy.system.has_bluetooth(declared)
    return {kind for kind, may in allowed.items() if may}


def is_reached(address):
    """Return whether other hosts reach a socket's address."""
    return address == "*" or not ip_address(address).is_loopback


def flat(text):
    """Return a text as one line."""
    return " ".join(text.split())
