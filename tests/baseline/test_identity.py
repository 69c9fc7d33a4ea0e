"""What a host says of itself: its declaration, and the inventory that it keeps."""

import json

import pytest

from ringfence.verify import control
from ringfence.verify.probes import host_inventory as inventory
from ringfence.verify.probes import next_runs, units

DECLARATION = "/etc/ringfence/host.json"
FIELDS = {
    *("name", "site", "role", "owner", "data_level", "clients"),
    *("pci", "ephi", "ens_category", "baseline_version", "policy_digest", "about"),
}
ONLY_ROOT_WRITES = r"^directory root [0-7]*[0145][0145]$"
NIGHT = 26  # hours: a day, and what a timer may be late
ONLY_ROOT_READS = r"^regular( empty)? file root:root [0-7]*[0145]0$"
ONLY_ROOT_ENTERS = r"^directory root:root [0-7]*[0145]0$"


# CLS-01: the declaration


@pytest.fixture
def declaration(host, expect):
    """What the host declares; whatever else stands in the file fails the test that asks."""
    text = host.run("cat -- %s", DECLARATION).stdout
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        expect(f"object in {DECLARATION}", text, matches=r"^\{.*\}$")
    return content


def missing_or(declaration, field):
    return declaration.get(field, "missing")


@control("CLS-01")
def test_the_host_declares_its_name_and_site(declaration, site, declared, expect):
    expect("declared name", missing_or(declaration, "name"), equals=declared.name)
    expect("declared site", missing_or(declaration, "site"), equals=site.name)


@control("CLS-01")
def test_the_host_declares_its_role(declaration, declared, expect):
    expect("declared role", missing_or(declaration, "role"), equals=declared.groups)


@control("CLS-01")
def test_the_host_declares_its_owner(declaration, declared, expect):
    expect("declared owner", missing_or(declaration, "owner"), equals=declared.owner)


@control("CLS-01")
def test_the_host_declares_the_level_of_its_data(declaration, declared, expect):
    level = declared.classification.value
    expect("declared data level", missing_or(declaration, "data_level"), equals=level)


@control("CLS-01")
def test_the_host_declares_whose_data_it_holds(declaration, declared, expect):
    expect("declared clients", missing_or(declaration, "clients"), equals=declared.clients)


@control("CLS-01")
def test_the_host_declares_whether_it_handles_cards(declaration, declared, expect):
    expect("declared PCI DSS scope", missing_or(declaration, "pci"), equals=declared.pci)


@control("CLS-01")
def test_the_host_declares_whether_it_holds_health_data(declaration, declared, expect):
    expect("declared health information", missing_or(declaration, "ephi"), equals=declared.ephi)


@control("CLS-01")
def test_the_host_declares_its_ens_category(declaration, declared, expect):
    category = missing_or(declaration, "ens_category")
    expect("declared ENS category", category, equals=declared.ens_category)


@control("CLS-01")
def test_the_host_declares_the_baseline_that_it_was_given(declaration, expect):
    version = str(missing_or(declaration, "baseline_version"))
    expect("declared baseline version", version, matches=r"^[0-9]+\.[0-9]+")


@control("CLS-01")
def test_the_host_declares_the_policy_that_it_was_given(declaration, site, declared, expect):
    digest = missing_or(declaration, "policy_digest")
    expect("declared digest of the policy", digest, equals=site.policy_digest(declared))


@control("CLS-01")
def test_the_host_declares_nothing_else(declaration, expect):
    expect("declared fields", list(declaration), within=FIELDS)


@control("CLS-01")
def test_only_root_can_change_the_declaration(host, expect):
    shown = host.run("stat -c '%%F %%U:%%G %%a' -- %s", DECLARATION).stdout.strip()
    expect(f"kind, owner and mode of {DECLARATION}", shown, equals="regular file root:root 644")
    folder = host.run("stat -c '%%F %%U %%a' -- %s", DECLARATION.rpartition("/")[0]).stdout.strip()
    expect("kind, owner and mode of its folder", folder, matches=ONLY_ROOT_WRITES)


# CLS-02: the inventory


@control("CLS-02")
def test_the_inventory_is_complete(host, expect):
    for name in inventory.FILES:
        expect(f"lines in {name}", len(inventory.read(host, name)), at_least=1)


@control("CLS-02")
def test_the_inventory_says_that_it_is_of_last_night(host, expect):
    moment = "".join(inventory.read(host, "taken-at")).strip()
    expect("moment of the inventory", moment, matches=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\S+$")
    hours = inventory.hours_since(host, moment)
    expect("age of the inventory in hours", hours, at_least=-0.1)
    expect("age of the inventory in hours", hours, at_most=NIGHT)


@control("CLS-02")
def test_the_inventory_was_written_last_night(host, expect):
    for name in inventory.FILES:
        expect(
            f"kind, owner and mode of {name}",
            inventory.owner_and_mode(host, name),
            differs_from="missing",
        )
        hours = inventory.hours_since_written(host, name)
        expect(f"hours since {name} was written", hours, at_most=NIGHT)


@control("CLS-02")
def test_the_inventory_names_every_package_with_its_version(host, expect):
    rows = [line.split("\t") for line in inventory.read(host, "packages.tsv")]
    expect("packages in the inventory", len(rows), at_least=1)
    incomplete = ["\t".join(row) for row in rows if len(row) != 3 or not all(row)]
    expect(f"packages without version or architecture, of {len(rows)}", incomplete, nothing=True)


@control("CLS-02")
def test_the_inventory_names_the_packages_that_are_installed(host, expect):
    listed = {":".join(line.split("\t")[::2]) for line in inventory.read(host, "packages.tsv")}
    status = "${db:Status-Status} ${Package}:${Architecture}\\n"
    known = host.check_output("dpkg-query -W -f=%s", status).splitlines()
    installed = {line.split()[1] for line in known if line.startswith("installed ")}
    expect("packages installed on the host", len(installed), at_least=1)
    expect("installed packages outside the inventory", installed - listed, nothing=True)
    gone = listed - {line.split()[1] for line in known}
    expect("packages of the inventory that the host does not have", gone, nothing=True)


@control("CLS-02")
def test_the_inventory_names_the_services_that_start(host, expect):
    listed = {line.split()[0] for line in inventory.read(host, "units.txt") if line.strip()}
    found = units.files(host, kinds=None)
    enabled = {name for name, state in found.items() if state == "enabled"}
    expect("enabled units outside the inventory", enabled - listed, nothing=True)
    expect("units of the inventory that are not enabled", listed - enabled, nothing=True)


@control("CLS-02")
def test_the_inventory_names_the_kernel_that_runs(host, expect):
    listed = "\n".join(inventory.read(host, "kernel")).strip()
    expect("kernel in the inventory", listed, equals=host.check_output("uname -r"))


@control("CLS-02")
def test_the_inventory_names_the_release_of_the_system(host, expect):
    listed = {line for line in inventory.read(host, "os-release") if line.strip()}
    release = {line for line in host.check_output("cat /etc/os-release").splitlines() if line}
    expect("lines that describe the release", listed, includes=release)
    expect("lines that describe another release", listed - release, nothing=True)


@control("CLS-02")
def test_the_inventory_names_the_ports_that_are_open(host, policy, expect):
    listed = "\n".join(inventory.read(host, "listeners.txt"))
    expect("listeners in the inventory", listed, matches=rf":{policy.ssh.port}\s")


@control("CLS-02")
def test_only_root_can_read_the_inventory(host, expect):
    shown = inventory.owner_and_mode(host, "")
    expect("kind, owner and mode of its folder", shown, matches=ONLY_ROOT_ENTERS)
    for name in inventory.FILES:
        shown = inventory.owner_and_mode(host, name)
        expect(f"kind, owner and mode of {name}", shown, matches=ONLY_ROOT_READS)


@control("CLS-02")
def test_the_next_inventory_is_due_within_a_day(host, expect):
    due = next_runs.due(host, inventory.TIMERS)
    expect("timers that take an inventory and are enabled and active", len(due), at_least=1)
    expect("hours until the next inventory", min(one.hours for one in due), at_most=NIGHT)


@control("CLS-02")
def test_the_last_inventory_succeeded(host, expect):
    timers = inventory.timers(host)
    expect("timers that take an inventory", len(timers), at_least=1)
    for timer in timers:
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")
