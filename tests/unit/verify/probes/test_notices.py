from types import SimpleNamespace

import pytest

from ringfence.verify.probes import notices

IDENTITY = (
    "6.1.0-9-amd64\n#1 SMP\npbx1\nDebian GNU/Linux 12 (bookworm)\nDebian GNU/Linux 12\nGNU/Linux"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Authorized use only.", []),
        ("Welcome to pbx1", ["pbx1"]),
        ("debian gnu/linux 12 \\l", ["Debian GNU/Linux 12", "GNU/Linux"]),
        ("kernel 6.1.0-9-amd64", ["6.1.0-9-amd64"]),
    ],
)
def test_a_text_tells_what_it_names_of_the_host(text, told):
    host = SimpleNamespace(check_output=lambda *_arguments: IDENTITY)
    assert notices.told(host, text) == told
