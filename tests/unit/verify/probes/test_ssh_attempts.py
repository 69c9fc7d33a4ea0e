from types import SimpleNamespace

import pytest

from ringfence.verify.probes.ssh_attempts import (
    Attempt,
    SshAttempts,
    listeners_that_speak_ssh,
    reachable,
)

VERBOSE = """\
OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\r
debug2: local client KEXINIT proposal\r
debug2: KEX algorithms: client-one,client-two\r
debug2: peer server KEXINIT proposal\r
debug2: KEX algorithms: curve25519-sha256,kex-strict-s-v00@openssh.com\r
debug2: host key algorithms: ssh-ed25519\r
debug2: ciphers ctos: aes256-gcm@openssh.com,aes128-cbc\r
debug2: ciphers stoc: aes256-gcm@openssh.com\r
debug2: MACs ctos: hmac-sha2-512-etm@openssh.com\r
debug2: MACs stoc: hmac-sha1\r
debug2: compression ctos: none\r
debug2: reserved 0 \r
debug2: KEX algorithms: later\r
Warning: Permanently added '127.0.0.1' (ED25519) to the list of known hosts.\r
This system is watched.
Go away.
debug1: Authentications that can continue: publickey\r
deploy@127.0.0.1: Permission denied (publickey).\r
"""
NO_KEX = (
    "Unable to negotiate with 127.0.0.1 port 22: "
    "no matching key exchange method found. Their offer: x"
)


def test_the_offer_of_the_server_is_read_in_both_directions():
    assert Attempt(VERBOSE).proposal == {
        "kex": ["curve25519-sha256", "kex-strict-s-v00@openssh.com"],
        "host keys": ["ssh-ed25519"],
        "ciphers": ["aes256-gcm@openssh.com", "aes128-cbc"],
        "macs": ["hmac-sha2-512-etm@openssh.com", "hmac-sha1"],
    }


def test_the_banner_is_what_is_no_chatter_of_the_client():
    assert Attempt(VERBOSE).banner == "This system is watched.\nGo away."


@pytest.mark.parametrize(
    ("text", "status", "methods", "outcome"),
    [
        (VERBOSE, 255, "publickey", "refused"),
        (NO_KEX, 255, "no common key exchange method", "no common key exchange method"),
        ("Connection refused\n", 255, "Connection refused", "Connection refused"),
        ("", 255, "no answer", "no answer"),
        ("Welcome", 0, "let in", "let in"),
        ("Welcome", 1, "let in", "let in"),
    ],
)
def test_an_attempt_tells_how_it_ended(text, status, methods, outcome):
    attempt = Attempt(text, status)
    assert (attempt.methods, attempt.outcome) == (methods, outcome)


def test_silence_is_no_proposal():
    assert Attempt("Connection closed").proposal == {}


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("*", "127.0.0.1"),
        ("::", "::1"),
        ("[::]", "::1"),
        ("10.0.0.5", "10.0.0.5"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_a_wildcard_is_reached_over_the_loopback(address, reached):
    assert reachable(address) == reached


class Host:
    def __init__(self, stdout="", rc=255):
        self.answer = SimpleNamespace(stdout=stdout, stderr="", rc=rc)
        self.asked = []

    def run(self, command):
        self.asked.append(command)
        return self.answer

    def check_output(self, command):
        return self.run(command).stdout


def test_the_same_attempt_is_the_same_command_and_comes_from_an_address_of_its_own():
    host = Host()
    attempts = SshAttempts(host, [("::", 2200), ("0.0.0.0", 2200)])
    attempts.without_key("ana", 41)
    attempts.without_key("ana", 41)
    attempts.without_key("ana", 42)
    first, again, other = host.asked
    assert first == again != other
    assert "-b 127.41." in first
    assert "-p 2200" in first


def test_over_ipv6_the_client_chooses_its_address():
    host = Host()
    SshAttempts(host, [("::", 22)]).with_algorithms("MACs", ["hmac-sha1"], 46)
    assert "127.46" not in host.asked[0]
    assert "-o MACs=hmac-sha1" in host.asked[0]


@pytest.mark.parametrize(
    ("stdout", "outcome", "fingerprint", "logged"),
    [
        (
            "SHA256:x\nPermission denied (publickey).\n=255\nFailed SHA256:x\n",
            "refused",
            "SHA256:x",
            "Failed SHA256:x",
        ),
        ("SHA256:x\nWelcome\n=0\n", "let in", "SHA256:x", ""),
        ("", "no answer", "", ""),
    ],
)
def test_a_foreign_key_is_tried_and_looked_up_in_the_log(stdout, outcome, fingerprint, logged):
    attempt, shown, log = SshAttempts(Host(stdout), []).with_foreign_key("ana", 48)
    assert (attempt.outcome, shown, log) == (outcome, fingerprint, logged)


def test_listeners_are_told_by_address_and_port():
    found = listeners_that_speak_ssh(Host("0.0.0.0:22\n[::]:22\n127.0.0.53%lo:2222\n"))
    assert found == [("0.0.0.0", 22), ("127.0.0.53", 2222), ("::", 22)]
