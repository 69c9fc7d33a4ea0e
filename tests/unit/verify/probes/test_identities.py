from types import SimpleNamespace

from ringfence.verify.probes import identities

FILES = {
    "getent passwd": "root:x:0:0:root:/root:/bin/bash\ngames:x:5:60::/usr/games:/sbin/nologin\n"
    "ana:x:1001:1001:Ana Ruiz,,,:/home/ana:/bin/bash\nbo:x:1001:1001::/home/bo:/bin/sh\n+::::::\n",
    "getent group": "root:x:0:\ngames:x:60:\nana:x:1001:\ndisk:x:6:ana,games\n",
    "getent shadow": "root:*:1::::::\ngames:!:1::::::\nana:$y$x:20000::::30:1:\nbo::20000::::::\n",
}


def host(answers=""):
    return SimpleNamespace(
        check_output=lambda command: FILES[command],
        run=lambda *_: SimpleNamespace(stdout=answers),
    )


def test_an_account_is_read_with_its_groups_and_what_closes_it():
    _, games, ana, bo = identities.read(host())
    assert ana.groups == {"ana", "disk"}
    assert (ana.changed, ana.inactive, ana.expires) == (20000, 30, 1)
    assert not ana.is_locked
    assert not bo.is_locked
    assert games.is_locked
    assert games.is_of_the_system
    assert not games.has_shell


def test_an_account_that_has_expired_is_not_open():
    _, _, ana, bo = identities.read(host())
    assert not ana.is_open(20500)
    assert bo.is_open(20500)


def test_what_stands_twice_is_found():
    assert identities.repeated(host(), "passwd", 2) == {"1001"}
    assert identities.repeated(host(), "passwd", 0) == set()


def test_what_is_left_of_an_account_is_named():
    ana = identities.read(host())[2]
    left = identities.ways_in(host("/var/spool/cron/crontabs/ana\n"), ana, 20500)
    assert left[:3] == ["a password", "groups disk", "schedule /var/spool/cron/crontabs/ana"]
