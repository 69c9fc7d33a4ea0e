"""How a source is told by which key it is signed."""

import subprocess

import pytest

from ringfence.facts.shell import call
from ringfence.operations.shell import library

LINE = "deb {}http://a.example/debian s main\n"
STANZA = "Types: deb\nURIs: http://a.example/debian\n{}Suites: s\nComponents: main\n"
BEFORE = "# the first\n\n"
AFTER = "\n# of another\nTypes: deb\nURIs: http://b.example/debian\nSuites: s\nSigned-By: /b.gpg\n"
BLOCK = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd\n"


def signed(tmp_path, name, text, *arguments):
    """Sign a source, and return what the file says then, which apt can read."""
    path = tmp_path / name
    path.write_text(text)
    path.chmod(0o640)
    how = "sign_stanza" if name.endswith(".sources") else "sign_line"
    words = call(how, str(path), *arguments, "/k.gpg")
    script = f"keep() {{ :; }}\nfail() {{ exit 1; }}\n{library('repositories')}\n{words}"
    subprocess.run(["sh", "-c", script], check=True, capture_output=True)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == [name]
    return path.read_text()


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
    text = LINE.format(options)
    found = signed(tmp_path, "a.list", f"{text}{text}", "2")
    assert found == text + LINE.format(then)


@pytest.mark.parametrize("field", ["", "Signed-By: /o.gpg\n", "signed-by:  /o.gpg\n", BLOCK])
def test_a_stanza_is_signed_by_the_key_of_its_place_alone(tmp_path, field):
    text = STANZA.format(field)
    last = str(2 + len(text.splitlines()))
    found = signed(tmp_path, "a.sources", BEFORE + text + AFTER, "3", last)
    assert found == BEFORE + STANZA.format("") + "Signed-By: /k.gpg\n" + AFTER
