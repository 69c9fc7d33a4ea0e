import pytest

from ringfence.site.checks_of_data import CHECKS
from ringfence.site.loader import parse
from ringfence.site.plain import Documents

HOSTS = """\
hosts:
  vault1: {groups: [recordings, database]}
  pbx1: {groups: [pbx]}
"""


def problems(policy: str) -> list[str]:
    documents = Documents(
        parse(HOSTS.encode(), "hosts.yml"), parse(policy.encode(), "policy.yml"), None
    )
    return [str(problem) for check in CHECKS for problem in check(documents)]


def of_data(*entries: str) -> list[str]:
    lines = "".join(f"    - {entry}\n" for entry in entries)
    return problems(f"permissions:\n  data:\n{lines}")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/", "'/' holds more than this: name a directory of its own in it, such as '/recordings'"),
        ("/srv", "'/srv' holds more than this: name a directory of its own in it, such as "),
        ("/var", "'/var' holds more than this: name a directory of its own in it, such as "),
        ("/etc", "'/etc' is a directory of the system; did you mean '/srv/recordings'?"),
        (
            "/usr/local/recordings",
            "'/usr/local/recordings' lies in /usr, a directory of the system; "
            "did you mean '/srv/recordings'?",
        ),
        ("/var/lib/dpkg/info", "lies in /var/lib/dpkg, a directory of the system"),
        ("/var/lib/docker/volumes", "lies in /var/lib/docker, a directory of the system"),
        ("/home/ana/calls", "lies in /home, a directory of the system"),
    ],
)
def test_a_directory_of_the_system_is_refused_at_its_place(path, sentence):
    [problem] = of_data(f"{{path: {path}, groups: [pbx], group: calls}}")
    assert problem.startswith("policy.yml:3:14: permissions.data[0].path: ")
    assert sentence in problem


@pytest.mark.parametrize(
    "path",
    ["/srv/recordings", "/var/lib/postgresql", "/var/log/remote", "/var/spool/asterisk", "/calls"],
)
def test_a_directory_of_its_own_is_good(path):
    assert not of_data(f"{{path: {path}, groups: [pbx], group: calls}}")


def test_a_group_without_hosts_is_named_with_the_nearest():
    [problem] = of_data("{path: /srv/calls, groups: [recording], group: calls}")
    assert problem == (
        "policy.yml:3:35: permissions.data[0].groups[0]: "
        "'recording' is a group that no host is in; did you mean 'recordings'?"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{path: /srv/a, groups: [pbx]}", "{path: /srv/a/b, groups: [pbx]}"),
        ("{path: /srv/a/b, groups: [pbx]}", "{path: /srv/a, groups: [all]}"),
        ("{path: /srv/a, groups: [recordings]}", "{path: /srv/a, groups: [database]}"),
    ],
)
def test_data_within_other_data_are_refused_where_they_share_a_host(first, second):
    [problem] = of_data(first, second)
    assert problem.startswith("policy.yml:4:14: permissions.data[1].path: ")
    assert problem.endswith("the directory of permissions.data[0], on the same host: keep one")


def test_the_same_directory_is_good_on_different_hosts():
    assert not of_data(
        "{path: /srv/a, groups: [recordings]}",
        "{path: /srv/a, groups: [pbx]}",
        "{path: /srv/ab, groups: [pbx]}",
    )


def test_the_whole_system_cannot_be_left_unsearched():
    found = problems("permissions:\n  other_systems: [/, /var/lib/docker, /usr/bin]\n")
    assert [line.split(": ")[1] for line in found] == [
        "permissions.other_systems[0]",
        "permissions.other_systems[2]",
    ]


def test_what_is_of_the_wrong_kind_is_told_elsewhere():
    for text in ("permissions: 3\n", "permissions: {data: [3, {path: 4}, {groups: a}]}\n", ""):
        assert not problems(text)
