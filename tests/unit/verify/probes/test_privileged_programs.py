import pytest

from ringfence.verify.probes.privileged_programs import Program

ALLOWED = {
    "/usr/bin/sudo": "4755 root:root",
    "/usr/bin/expiry": "2755 root:shadow",
    "/usr/bin/ping": "cap_net_raw=ep",
}


@pytest.mark.parametrize(
    ("path", "grant", "may"),
    [
        ("/usr/bin/sudo", "4755 root:root", True),
        ("/usr/bin/sudo", "4750 root:wheel", True),
        ("/usr/bin/sudo", "6755 root:root", False),
        ("/usr/bin/sudo", "4777 root:root", False),
        ("/usr/bin/sudo", "4755 games:root", False),
        ("/usr/bin/sudo", "cap_setuid=ep", False),
        ("/usr/bin/expiry", "2755 root:shadow", True),
        ("/usr/bin/expiry", "2755 root:root", False),
        ("/usr/bin/expiry", "4755 root:shadow", False),
        ("/usr/bin/ping", "cap_net_raw=ep", True),
        ("/usr/bin/ping", "cap_net_admin,cap_net_raw=ep", False),
        ("/usr/bin/ping", "4755 root:root", False),
        ("/tmp/sudo", "4755 root:root", False),
        ("whatever", "? ?:?", False),
    ],
)
def test_a_program_may_have_what_is_allowed_to_its_path_and_less(path, grant, may):
    assert Program(path, grant).may(ALLOWED) is may
