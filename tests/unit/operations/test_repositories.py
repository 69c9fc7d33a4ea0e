"""How a source is told by which key it is signed."""

import subprocess

import pytest

from ringfence.facts.shell import call
from ringfence.operations.shell import library

LINE = "deb {}http://a.example/debian s main\n"
STANZA = "Types: deb\nURIs: http://a.example/debian\n{}Suites: s\nComponents: main\n"
BEFORE = "# the first\n\n"
AFTER = (
    "\n# of another\nTypes: deb\nURIs: http://b.example/debian\nSuites: s\nComponents: main\n"
    "Signed-By: /b.gpg\n"
)
BLOCK = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd\n"


def run(words, check=True):
    said = 'fail() { echo "$*" >&2; exit 1; }'
    script = f"keep() {{ :; }}\n{said}\n{library('repositories')}\n{words}"
    return subprocess.run(["sh", "-c", script], check=check, capture_output=True, text=True)


def signed(tmp_path, name, text, *arguments):
    """Sign a source, and return what the file says then, which apt can read."""
    path, key = tmp_path / "sources" / name, tmp_path / "k.gpg"
    (tmp_path / "lists/partial").mkdir(parents=True)
    path.parent.mkdir()
    path.write_text(text)
    key.write_text("a key")
    path.chmod(0o640)
    how = "sign_stanza" if name.endswith(".sources") else "sign_line"
    run(call(how, str(path), *arguments, str(key)))
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == [name]
    settings = {"SourceList": "/dev/null", "SourceParts": path.parent}
    options = [
        word for name, value in settings.items() for word in ("-o", f"Dir::Etc::{name}={value}")
    ]
    read = subprocess.run(
        [
            "apt-get",
            "update",
            "--print-uris",
            *options,
            "-o",
            f"Dir::State::Lists={tmp_path}/lists",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'http://a.example/debian/dists/s/InRelease'" in read.stdout
    return path.read_text().replace(str(key), "/k.gpg")


@pytest.mark.parametrize(
    ("options", "then"),
    [
        ("", "[signed-by=/k.gpg] "),
        ("[arch=amd64] ", "[signed-by=/k.gpg arch=amd64] "),
        ("[signed-by=/o.gpg] ", "[signed-by=/k.gpg ] "),
        ("[arch=amd64 Signed-By=/o.gpg lang=en] ", "[signed-by=/k.gpg arch=amd64  lang=en] "),
    ],
)
def test_a_line_is_signed_by_the_key_of_its_place_alone(tmp_path, options, then):
    before = LINE.format(options).replace("//a.", "//b.")
    found = signed(tmp_path, "a.list", before + LINE.format(options), "2")
    assert found == before + LINE.format(then)


@pytest.mark.parametrize("field", ["", "Signed-By: /o.gpg\n", "signed-by:  /o.gpg\n", BLOCK])
def test_a_stanza_is_signed_by_the_key_of_its_place_alone(tmp_path, field):
    text = STANZA.format(field)
    last = str(2 + len(text.splitlines()))
    found = signed(tmp_path, "a.sources", BEFORE + text + AFTER, "3", last)
    assert found == BEFORE + STANZA.format("") + "Signed-By: /k.gpg\n" + AFTER


@pytest.mark.parametrize(("how", "numbers"), [("sign_line", ["1"]), ("sign_stanza", ["1", "4"])])
def test_a_key_that_is_missing_is_told_and_nothing_is_changed(tmp_path, how, numbers):
    path = tmp_path / "a.sources"
    path.write_text(STANZA.format("Signed-By: /o.gpg\n"))
    ended = run(call(how, str(path), *numbers, str(tmp_path / "none.gpg")), check=False)
    assert ended.returncode == 1
    assert f"the key {tmp_path}/none.gpg is not on this host" in ended.stderr
    assert path.read_text() == STANZA.format("Signed-By: /o.gpg\n")


def test_a_host_without_an_approved_source_is_told_which_it_has():
    ended = run(call("refuse", "http://a.example/debian", "http://b.example/x"), check=False)
    assert ended.returncode == 1
    assert (
        "from nowhere: name http://a.example/debian http://b.example/x in the policy"
        in ended.stderr
    )
