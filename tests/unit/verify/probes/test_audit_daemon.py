from types import SimpleNamespace

import pytest

from ringfence.verify.probes import audit_daemon


class Answers:
    """A host that answers by the first words of a question."""

    def __init__(self, **answers):
        self.answers = answers

    def run(self, command, *args):
        first = command.split()[0]
        return SimpleNamespace(stdout=self.answers.get(first, ""), rc=0)

    def check_output(self, command, *args):
        return self.run(command).stdout


def test_the_kernels_own_names_are_kept():
    host = Answers(auditctl="enabled 2\nloginuid_immutable 1 locked\nlost 0\n")
    assert audit_daemon.kernel(host) == {
        "enabled": "2",
        "loginuid_immutable": "1 locked",
        "lost": "0",
    }


def test_names_and_values_of_the_configuration_have_no_case():
    host = Answers(cat="# a = b\nName_Format = HOSTNAME # why\n\nnum_logs=10\n")
    assert audit_daemon.configuration(host) == {"name_format": "hostname", "num_logs": "10"}


@pytest.mark.parametrize(
    ("started", "changed", "expected"),
    [
        ("ActiveEnterTimestamp=@1001", "1000", "yes"),
        ("ActiveEnterTimestamp=@1000", "1000", "started 1000, changed 1000"),
        ("ActiveEnterTimestamp=", "1000", "started never, changed 1000"),
    ],
)
def test_a_daemon_is_as_old_as_its_start(started, changed, expected):
    host = Answers(systemctl=started, stat=f"{changed}\n")
    assert audit_daemon.is_of_its_configuration(host) == expected


def test_whatever_others_may_read_is_told():
    rows = [
        "d root:root 700 /var/log/audit",
        "f root:root 600 /var/log/audit/audit.log",
        "f root:root 400 /var/log/audit/audit.log.1",
        "f root:adm 600 /var/log/audit/audit.log.2",
        "f root:root 640 /var/log/audit/audit.log.3",
        "d root:root 750 /var/log/audit/old",
    ]
    assert audit_daemon.open_to_others(Answers(find="\n".join(rows))) == [
        "/var/log/audit/audit.log.2 root:adm 600",
        "/var/log/audit/audit.log.3 root:root 640",
        "/var/log/audit/old root:root 750",
    ]


def test_each_kernel_of_the_menu_is_told():
    host = Answers(sed="/vmlinuz-1 root=x audit=1\n/vmlinuz-2 root=x\n")
    assert [words[0] for words in audit_daemon.boot_menu(host)] == ["/vmlinuz-1", "/vmlinuz-2"]


class Required(Answers):
    """A host whose auditd requires another service."""

    def run(self, command, *args):
        asked = "requires" if "Requires" in command else "shown"
        return SimpleNamespace(stdout=self.answers[asked], rc=0)


def test_what_auditd_requires_must_not_be_stopped_either():
    shown = (
        "Id=auditd.service\nCanStop=no\nRefuseManualStop=yes\n\n"
        "Id=audit-rules.service\nCanStop=yes\nRefuseManualStop=no\n"
    )
    host = Required(requires="system.slice audit-rules.service -.mount\n\n\n", shown=shown)
    assert audit_daemon.stoppable(host) == ["audit-rules.service"]


def test_a_unit_that_systemd_does_not_tell_of_is_no_pass():
    host = Required(requires="\n", shown="")
    assert audit_daemon.stoppable(host) == ["what systemd does not tell"]
