from types import SimpleNamespace

from ringfence.verify.probes.listening_sockets import listening

SS = """\
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=71,fd=6))
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=71,fd=7))
udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=9,fd=1))
udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:* users:(("systemd-network",pid=8,fd=1))
udp UNCONN 0 0 *:51820 *:*
tcp LISTEN 0 9 *:80 *:* users:(("nginx: worker",pid=3,fd=1),("nginx",pid=2,fd=1))
"""


def test_every_kind_of_address_is_read() -> None:
    host = SimpleNamespace(check_output=lambda _command: SS)
    assert [str(socket) for socket in listening(host)] == [
        "nginx: worker on tcp *:80",
        "sshd on tcp 0.0.0.0:22",
        "sshd on tcp [::]:22",
        "the kernel on udp *:51820",
        "systemd-resolve on udp 127.0.0.53:53",
        "systemd-network on udp [fe80::1]:546",
    ]
