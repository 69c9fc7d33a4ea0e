"""TOY-02."""

from ringfence.verify import control


@control("TOY-02")
def test_only_root_can_read_the_password(host, expect):
    shown = host.run("stat -c '%U %a' /etc/badge/password").stdout.strip()
    expect("owner and mode of the password's file", shown, equals="root 600")
