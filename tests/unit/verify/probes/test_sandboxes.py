from types import SimpleNamespace

from ringfence.verify.probes import sandboxes

SHOWN = """\
Id=chrony.service
LoadState=loaded
MainPID=12
NoNewPrivileges=yes

Id=gone.service
LoadState=not-found
MainPID=0

Id=postgresql@15-main.service
LoadState=loaded
MainPID=0
NoNewPrivileges=no
"""
PROCESSES = """\
1 privileges	0
1 filters	5
1 mount / rw
12 privileges	1
12 filters	30
12 mount / ro
12 mount /usr rw
12 mount /usr ro
13 privileges	0
13 filters	5
13 mount / ro
"""


class Host:
    def __init__(self, answer):
        self.answer = answer

    def run(self, command, *_arguments):
        self.asked = command
        return SimpleNamespace(stdout=self.answer, rc=0)

    def check_output(self, command, *arguments):
        return self.run(command, *arguments).stdout


def test_services_are_those_that_the_host_has_and_a_template_counts_by_its_instances():
    host = Host(SHOWN)
    found = sandboxes.services(host, ["chrony.service", "postgresql@.service"], ["PrivateTmp"])
    assert [service.name for service in found] == ["chrony.service", "postgresql@15-main.service"]
    assert [service.template for service in found] == ["chrony.service", "postgresql@.service"]
    assert [service.pid for service in found] == ["12", "0"]
    assert "'postgresql@*.service'" in host.asked


def test_exposure_is_read_from_the_last_line_of_each():
    text = (
        "→ Overall exposure level for a.service: 2.8 OK 🙂\n"
        "→ Overall exposure level for b.service: 9.6 UNSAFE 😨\n"
    )
    found = sandboxes.exposures(Host(text), ["a.service", "b.service"])
    assert found == {"a.service": 2.8, "b.service": 9.6}


def test_a_process_has_what_the_kernel_says_and_the_last_mount_of_usr_counts():
    found = sandboxes.processes(Host(PROCESSES), ["12", "13"])
    assert found["12"] == sandboxes.Process(False, 30, "ro")
    assert found["13"] == sandboxes.Process(True, 5, "ro")
    assert found["1"].usr == "rw"
