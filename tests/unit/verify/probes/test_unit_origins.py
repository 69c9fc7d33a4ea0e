from types import SimpleNamespace

from ringfence.verify.probes import unit_origins
from ringfence.verify.probes.unit_origins import Unit


class Host:
    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def run(self, command, *_arguments):
        self.asked.append(command)
        name = next((name for name in self.answers if name in command.replace("-", "_")), "")
        return SimpleNamespace(stdout=self.answers.get(name, ""), rc=0)

    def check_output(self, command, *arguments):
        return self.run(command, *arguments).stdout


SHOWN = """\
Id=cron.service
LoadState=loaded
FragmentPath=/usr/lib/systemd/system/cron.service
SourcePath=

Id=getty@any.service
LoadState=loaded
FragmentPath=/usr/lib/systemd/system/getty@.service
SourcePath=
"""


def test_what_starts_at_boot_is_enabled_and_a_template_is_asked_by_an_instance():
    listed = (
        "cron.service enabled enabled\nold.service disabled enabled\ngetty@.service enabled -\n"
    )
    old = "\nId=old.service\nLoadState=loaded\nFragmentPath=/etc/systemd/system/old.service\n"
    host = Host(list_unit_files=listed, show=SHOWN + old)
    found = unit_origins.at_boot(host)
    assert [unit.name for unit in found] == ["cron.service", "getty@any.service"]
    assert "getty@any.service" in host.asked[-1]


def test_an_instance_starts_at_boot_by_a_link_to_it():
    file = "/etc/systemd/system/helper@.service"
    shown = f"Id=helper@1.service\nLoadState=loaded\nFragmentPath={file}\n"
    host = Host(wants="helper@1.service\n", show=shown)
    assert unit_origins.at_boot(host) == [Unit("helper@1.service", file)]


def test_what_runs_is_active_and_not_the_question_itself():
    listed = (
        "cron.service loaded active running Cron\n"
        "run-u7.service loaded active running Questions\n"
        "old.service loaded failed failed Old\n"
    )
    failed = "\nId=old.service\nLoadState=loaded\nFragmentPath=/etc/systemd/system/old.service\n"
    host = Host(list_units=listed, cgroup="/system.slice/run-u7.service\n", show=SHOWN + failed)
    assert [unit.name for unit in unit_origins.running(host)] == ["cron.service"]
    assert "run-u7" not in host.asked[-1]


def test_a_unit_is_foreign_unless_a_package_brought_its_file():
    host = Host(dpkg="/lib/systemd/system/cron.service\n/etc/init.d/old\n")
    units = [
        Unit("cron.service", "/usr/lib/systemd/system/cron.service"),
        Unit("old.service", "/etc/init.d/old"),
        Unit("helper.service", "/etc/systemd/system/helper.service"),
        Unit("made-by-a-generator.service", ""),
    ]
    assert [unit.name for unit in unit_origins.foreign(host, units)] == ["helper.service"]


def test_what_a_generator_made_of_an_init_script_counts_by_the_script():
    shown = (
        "Id=a.service\nLoadState=loaded\nFragmentPath=/run/systemd/generator.late/a.service\n"
        "SourcePath=/etc/init.d/a\n\n"
        "Id=b.service\nLoadState=loaded\nFragmentPath=/run/systemd/generator/b.service\nSourcePath=/etc/crypttab\n"
    )
    host = Host(list_unit_files="a.service enabled -\nb.service enabled -\n", show=shown)
    assert [unit.file for unit in unit_origins.at_boot(host)] == ["/etc/init.d/a", ""]


def test_a_unit_that_was_masked_while_it_runs_is_nobodys():
    shown = "Id=a.service\nLoadState=masked\nFragmentPath=/etc/systemd/system/a.service\n"
    host = Host(list_units="a.service masked active exited A\n", show=shown)
    assert unit_origins.running(host) == []


def test_what_changes_a_unit_is_foreign_unless_a_package_brought_it():
    shown = (
        "Id=cron.service\nDropInPaths=\n\n"
        "Id=user@any.service\nDropInPaths=/usr/lib/systemd/system/user@.service.d/10-login.conf\n\n"
        "Id=ssh.service\nDropInPaths=/run/systemd/generator/ssh.service.d/a.conf "
        "/etc/systemd/system/ssh.service.d/b.conf /etc/systemd/system/service.d/c.conf\n"
    )
    host = Host(
        dpkg="/lib/systemd/system/user@.service.d/10-login.conf\n",
        list_unit_files="ssh.service enabled enabled\nuser@.service static -\n",
        list_units="cron.service loaded active running Cron\n",
        show=shown,
    )
    assert unit_origins.changes(host) == [
        Unit("ssh.service", "/etc/systemd/system/service.d/c.conf"),
        Unit("ssh.service", "/etc/systemd/system/ssh.service.d/b.conf"),
    ]
    assert host.asked[-1].endswith(" -- cron.service ssh.service user@any.service")
