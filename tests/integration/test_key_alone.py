"""What SSH-05 tries with a key of its own is a real login, and leaves no trace on the host."""

from types import SimpleNamespace

import pytest

from ringfence.verify.probes import key_alone

PREPARE = """\
useradd --create-home --shell /bin/sh ana
usermod --password '*' ana
# Either is enough; that a key is, sshd doesn't say at once, so that it has to be tried.
echo 'AuthenticationMethods publickey publickey,keyboard-interactive' \
    >/etc/ssh/sshd_config.d/test.conf
mkdir -p /var/lib/lastlog
printf '%s\\n' '#!/bin/sh' '[ "$PAM_TYPE" = open_session ] || exit 0' \
    'for folder in /var/log /var/lib/lastlog /run; do echo "$PAM_USER" >>"$folder/opened"; done' \
    >/usr/local/bin/note
chmod 755 /usr/local/bin/note
echo 'session required pam_exec.so /usr/local/bin/note' >>/etc/pam.d/sshd
"""
LEFT = "grep -cx ana /run/opened /var/log/opened /var/lib/lastlog/opened; true"


@pytest.mark.parametrize("name", ["bastion1", "agent1"])  # Debian 13 and Debian 12
def test_who_is_let_in_leaves_no_record_of_a_login(stock, name):
    stock.run_on(name, PREPARE)
    host = SimpleNamespace(check_output=lambda script: stock.run_on(name, script))
    assert key_alone.still_asked(host, ["ana"]) == {"ana": "let in"}
    assert stock.run_on(name, LEFT).split() == [
        "/run/opened:1",  # a session was opened, and noted where nothing is hidden
        *("/var/log/opened:0", "/var/lib/lastlog/opened:0"),
    ]
