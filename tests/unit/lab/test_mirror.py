from ringfence.lab import mirror

TARGETS = [
    "https://deb.example.org/node/|nodistro|main",
    "http://mirror.example.org/debian/|bookworm|contrib",
    "http://mirror.example.org/debian/|bookworm|main",
    "http://mirror.example.org/debian/|bookworm-updates|main",
    "http://mirror.example.org/debian-security/|bookworm-security|main",
    "http://other.example.org/debian/|trixie|main",
    "http://cloud.example.org/tools|bookworm|main",
]


def test_debian_and_its_security_archive_are_found_among_other_sources():
    assert mirror.parse_targets(TARGETS) == {
        "main": "http://mirror.example.org/debian/",
        "security": "http://mirror.example.org/debian-security/",
    }


def test_a_release_gets_its_suites_from_the_same_mirror():
    lines = mirror.sources(13, mirror.parse_targets(TARGETS))
    assert [line.split()[2:] for line in lines] == [
        ["http://mirror.example.org/debian/", "trixie", "main"],
        ["http://mirror.example.org/debian/", "trixie-updates", "main"],
        ["http://mirror.example.org/debian-security/", "trixie-security", "main"],
    ]


def test_without_a_debian_source_the_choice_is_left_to_mmdebstrap():
    assert mirror.sources(12, mirror.parse_targets(TARGETS[:1])) == []


def test_the_proxy_and_the_checks_of_dates_are_taken_over_and_nothing_else():
    dump = [
        'Acquire::http::Proxy "http://proxy.example.org:3128/";',
        'Acquire::https::Proxy "";',
        'Acquire::Check-Date "false";',
        'Dir::Cache "var/cache/apt";',
    ]
    assert mirror.parse_settings(dump) == [
        'Acquire::Check-Date "false"',
        'Acquire::http::Proxy "http://proxy.example.org:3128/"',
    ]


def test_a_machine_without_apt_has_no_sources(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert mirror.archives_of_this_machine() == {}
    assert mirror.settings_of_this_machine() == []
