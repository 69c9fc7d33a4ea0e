from types import SimpleNamespace

from ringfence.verify.probes.sshd_process import (
    changed_since_read,
    files_and_folders,
    running_options,
    start_options,
)

SHOWN = """\
ExecStart={{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no ; pid=1 }}
Environment={environment}
EnvironmentFiles=/etc/default/ssh (ignore_errors=yes)
"""


class Host:
    def __init__(self, output, text="", times=()):
        self.output, self.text, self.times = output, text, dict(times)

    def check_output(self, _command):
        return self.output

    def run(self, command, *_arguments):
        if not command.startswith("stat"):
            return SimpleNamespace(stdout=self.text)
        lines = [f"{moment} {path}" for path, moment in self.times.items() if f" {path}" in command]
        return SimpleNamespace(stdout="\n".join(lines))


def test_the_options_of_running_servers_are_those_behind_the_program():
    output = "sshd: /usr/sbin/sshd -D\nsshd: /usr/sbin/sshd -D -p 2222\n"
    assert running_options(Host(output)) == [["-D"], ["-D", "-p", "2222"]]


def test_the_options_of_the_start_come_from_files_too():
    text = "# SSHD_OPTS=-d\nSSHD_OPTS='-o PermitRootLogin=yes'\n"
    host = Host(SHOWN.format(environment="OTHER=1"), text)
    assert start_options(host) == ["-D", "-o", "PermitRootLogin=yes"]


def test_the_options_of_the_start_come_from_the_unit_too():
    host = Host(SHOWN.format(environment='"SSHD_OPTS=-p 2222"'))
    assert start_options(host) == ["-D", "-p", "2222"]


def test_a_unit_without_a_command_is_no_unit_without_options():
    assert start_options(Host("")) == ["ssh.service has no command"]


def test_what_changed_after_sshd_read_it_is_told():
    configuration = SimpleNamespace(
        settings={"pidfile": ["/run/sshd.pid"]},
        files=["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/a.conf"],
        included_folders=["/etc/ssh/sshd_config.d"],
    )
    times = {
        "/run/sshd.pid": "100.500000000",
        "/etc/ssh/sshd_config": "100.400000000",
        "/etc/ssh/sshd_config.d/a.conf": "100.600000000",
    }
    assert changed_since_read(Host("", times=times), configuration) == [
        "/etc/ssh/sshd_config.d/a.conf"
    ]
    assert files_and_folders(configuration) == [
        *configuration.files,
        "/etc/ssh",
        "/etc/ssh/sshd_config.d",
    ]
