from types import SimpleNamespace

from ringfence.verify.probes import schedules


def host(text):
    return SimpleNamespace(run=lambda *_arguments: SimpleNamespace(stdout=text, rc=0))


LISTING = """\
regular file|root:root|600|/etc/crontab
directory|root:root|755|/etc/cron.d
regular file|root:crontab|640|/etc/cron.allow
"""


def test_tables_are_all_but_the_lists():
    assert [str(table) for table in schedules.tables(host(LISTING))] == [
        "/etc/crontab regular file root:root 600",
        "/etc/cron.d directory root:root 755",
    ]


def test_lists_are_known_by_path():
    found = schedules.lists(host("regular file|root:crontab|640|/etc/cron.allow\n"))
    assert found["/etc/cron.allow"].owner == "root:crontab"


def test_a_list_names_accounts():
    assert schedules.names(host("root\n\n backup \n"), "/etc/cron.allow") == ["root", "backup"]


def test_a_table_is_its_names_and_a_job_its_owners():
    text = (
        "/var/spool/cron/crontabs|games|root\n"
        "/var/spool/cron/atjobs|a0001|backup\n"
        "/var/spool/cron/crontabs|root|root\n"
    )
    assert schedules.planners(host(text)) == ["backup", "games", "root"]
