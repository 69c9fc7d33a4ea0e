from types import SimpleNamespace

import pytest

from ringfence.verify.probes import package_sources

LINES = (
    "/etc/apt/sources.list:deb [ arch=amd64 signed-by=/k.gpg ] http://deb.debian.org/debian/ s m\n"
    "/etc/apt/sources.list.d/x.list:deb-src http://x.example/debian s main\n"
    "/etc/apt/sources.list.d/y.list:deb [trusted=yes] http://y.example/debian s main\n"
)
STANZAS = """

File: /etc/apt/sources.list.d/debian.sources
Types: deb
URIs: http://deb.debian.org/debian
 http://deb.debian.org/debian-security
Suites: trixie
Signed-By: /k.gpg
Allow-Weak: yes

Types: deb
URIs: http://off.example
Enabled: no

File: /etc/apt/sources.list.d/key.sources
URIs: http://key.example/
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
"""


class Host:
    def __init__(self, **answers):
        self.answers = answers

    def run(self, command, *_arguments):
        found = next((text for part, text in self.answers.items() if part in command), "")
        return SimpleNamespace(stdout=found, rc=0)

    def check_output(self, command, *arguments):
        return self.run(command, *arguments).stdout


def test_lines_have_their_options():
    debian, without, trusted = package_sources.sources(Host(grep=LINES, **{"for one": ""}))[:3]
    assert (debian.place, debian.key, debian.loose) == (
        "http://deb.debian.org/debian",
        "/k.gpg",
        [],
    )
    assert (without.uri, without.key) == ("http://x.example/debian", "")
    assert trusted.loose == ["trusted=yes"]


def test_stanzas_have_several_places_and_may_be_off():
    found = package_sources.sources(Host(**{"for one": STANZAS}))
    assert [(one.place, one.file.rpartition("/")[2]) for one in found] == [
        ("http://deb.debian.org/debian", "debian.sources"),
        ("http://deb.debian.org/debian-security", "debian.sources"),
        ("http://key.example", "key.sources"),
    ]
    assert found[0].key == "/k.gpg"
    assert found[0].loose == ["allow-weak=yes"]
    assert found[2].key.strip().startswith("-----BEGIN")


@pytest.mark.parametrize(
    ("digests", "foreign"),
    [
        ("d1  /k.gpg\nd1  /other.gpg\n", ["key.sources"]),
        ("d1  /k.gpg\nd2  /other.gpg\n", ["debian.sources", "key.sources"]),
        ("d1  /other.gpg\n", ["debian.sources", "key.sources"]),  # /k.gpg is no file of root's
        ("", ["debian.sources", "key.sources"]),
    ],
)
def test_keys_are_compared_by_what_they_hold(digests, foreign):
    found = package_sources.sources(Host(**{"for one": STANZAS}))
    approved = {"*/debian": "/other.gpg", "http://key.example": "/other.gpg"}
    said = package_sources.foreign_keys(Host(find=digests), found, approved)
    assert [text.rpartition("/")[2].strip(")") for text in said] == foreign


def test_a_named_place_counts_before_those_of_any_computer():
    approved = {"*/debian": "/any.gpg", "http://deb.debian.org/debian": "/named.gpg"}
    debian, security, key = package_sources.sources(Host(**{"for one": STANZAS}))
    assert package_sources.approval(debian, approved) == "/named.gpg"
    assert package_sources.approval(security, approved) == ""
    assert package_sources.approval(key, approved | {"*": "/k"}) == "/k"


def test_what_nobody_sets_is_as_apt_has_it():
    said = 'Acquire::allowinsecurerepositories "1";\nAcquire::https::Verify-Peer "false";\n'
    found = package_sources.settings(Host(dump=said))
    assert found["Acquire::AllowInsecureRepositories"] == "true"
    assert found["Acquire::https::Verify-Peer"] == "false"
    assert found["APT::Get::AllowUnauthenticated"] == "false"


def test_only_a_refusal_for_want_of_a_signature_is_one():
    def told(text):
        return package_sources.takes_what_nobody_signed(Host(mktemp=text))

    assert told("100 1\n") == "refuses"
    assert told("0 0\n") == "takes"
    assert told("100 0\n") == "fails otherwise (100)"
    assert told("") == "fails otherwise (no answer)"
