"""What services are told to speak, asked of real ones: OpenSSL's own, and short scripts' words."""

import shlex
import socket
import subprocess
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import wire_words as module

TLS = {
    "all": ("-cipher", "ALL:@SECLEVEL=0"),
    "good": ("-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20"),
    "newest": ("-tls1_3",),
    "only old": ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
}
HASTY = module.SCRIPT.replace("(1.5, 3, 2, 5, 15)", "(0.1, 0.1, 0.1, 0.1, 20)")
QUICK = HASTY.replace(", 20)", ", 0.1)")
HTTPS = "HTTP/1.1 {status} x\r\nLocation: {to}\r\n\r\n"
MYSQL = b"\x0a5.5.5-10.11\0" + b"\1\0\0\0saltsalt\0" + b"\xfe\xf7" + bytes(30)
REFUSED, DENIED = ((number).to_bytes(2, "little") for number in (3159, 1045))


def packet(number, text):
    return len(text).to_bytes(3, "little") + bytes([number]) + text


def by_lines(**answers):
    """A conversation in which a line is answered by its first word."""

    def answer(asked):
        word = asked.split()[0].decode(errors="replace") if asked.split() else ""
        return answers.get(word, answers.get("other", "")).encode()

    return answer


WEB = by_lines(GET=HTTPS.format(status=200, to="https://a/"))
TALKS = {
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", None, ("ssh", "")),
    "old ssh": (b"SSH-1.99-OpenSSH_2\r\n", None, ("clear", "SSH 1")),
    "telnet": (b"\xff\xfd\x18\xff\xfd\x20", None, ("clear", "telnet")),
    "manager": (b"Asterisk Call Manager/9\r\n", None, ("clear", "Asterisk's manager")),
    "FreeSWITCH": (
        *(b"Content-Type: auth/request\n\n", None),
        ("clear", "FreeSWITCH's event socket"),
    ),
    "VNC": (b"RFB 003.008\n", None, ("clear", "VNC")),
    "unknown": (b"who\tare you\n", None, ("clear", "something unknown: who?are you?")),
    "web": (b"", WEB, ("clear", "HTTP")),
    "web that sends on": (
        *(b"", by_lines(GET=HTTPS.format(status=301, to="https://a/"))),
        ("redirects", "HTTP"),
    ),
    "web that sends nowhere": (
        *(b"", by_lines(GET=HTTPS.format(status=301, to="http://a/"))),
        ("clear", "HTTP"),
    ),
    "Redis": (b"", by_lines(version="-NOAUTH Authentication required.\r\n"), ("clear", "Redis")),
    "memcached": (b"", by_lines(version="VERSION 1.6\r\n"), ("clear", "memcached")),
    "records": (b"", by_lines(**{"1": "1 rsp 6 200 OK\n"}), ("clear", "RELP")),
    "SIP": (b"", by_lines(OPTIONS="SIP/2.0 200 OK\r\n\r\n"), ("clear", "SIP")),
    "mail": (
        *(b"220 mail\r\n", by_lines(EHLO="250-mail\r\n250 HELP\r\n", MAIL="250 OK\r\n")),
        ("clear", "SMTP"),
    ),
    "files": (
        *(b"220 files\r\n", by_lines(USER="331 password\r\n", other="500 what\r\n")),
        ("clear", "FTP"),
    ),
    "mailbox": (b"* OK\r\n", by_lines(a="* CAPABILITY IMAP4rev1\r\na OK\r\n"), ("clear", "IMAP")),
    "post": (b"+OK\r\n", by_lines(USER="+OK\r\n", other="-ERR\r\n"), ("clear", "POP3")),
    "database": (packet(0, MYSQL), lambda _: packet(2, b"\xff" + DENIED), ("clear", "MySQL")),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=a", "-keyout", folder / "key", "-out", folder / "pem"),
        ],
        check=True,
        capture_output=True,
    )
    return ["-cert", folder / "pem", "-key", folder / "key"]


@pytest.fixture
def speak(certificate, tmp_path):
    """Starts OpenSSL's server with some options at a socket of the file system."""
    started = []

    def start(*options):
        path = tmp_path / f"socket{len(started)}"
        started.append(
            subprocess.Popen(
                ["openssl", "s_server", "-unix", path.name, "-quiet", *certificate, *options],
                cwd=tmp_path,
                env={"OPENSSL_CONF": "/dev/null", "PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        for _ in range(200):
            if path.exists():
                break
            time.sleep(0.05)
        return path

    yield start
    for server in started:
        server.kill()
        server.wait()


@pytest.fixture
def say(tmp_path):
    """Starts a server that greets, and answers each thing that it hears."""
    path = tmp_path / "socket"
    server = socket.socket(socket.AF_UNIX)

    def attend(client, greeting, answer):
        with suppress(OSError), client:
            client.sendall(greeting)
            while asked := client.recv(65536):
                said = answer(asked) if answer else b""
                if answer and not said:
                    return  # so that nobody waits
                client.sendall(said)

    def serve(greeting, answer):
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(
                    target=attend, args=(client, greeting, answer), daemon=True
                ).start()

    def start(greeting, answer):
        server.bind(str(path))
        server.listen(20)
        threading.Thread(target=serve, args=(greeting, answer), daemon=True).start()
        return path

    yield start
    server.close()


def told(path, *more, script=module.SCRIPT):
    done = subprocess.run(
        ["perl", "-e", script, path, *more], capture_output=True, text=True, check=True
    )
    assert not done.stderr
    (found,) = module._read(f"{done.stdout}asked\n")
    return found


def test_old_versions_and_weak_suites_that_are_taken_are_seen(speak):
    found = told(speak(*TLS["all"]))
    assert found.kind == "tls"
    assert found.versions == ["TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]
    assert {"0x002F", "0x009E", "0xC013"} <= set(found.weak)  # RSA, DHE, CBC
    assert "0xC02F" not in found.weak


def test_a_server_of_good_suites_alone_shows_no_weak_one(speak):
    found = told(speak(*TLS["good"]), "tls")
    assert (found.versions, found.weak) == (["TLS 1.2", "TLS 1.3"], [])


def test_a_server_of_the_newest_version_alone_is_known(speak):
    found = told(speak(*TLS["newest"]))
    assert (found.kind, found.versions, found.weak) == ("tls", ["TLS 1.3"], [])


def test_a_server_of_an_old_version_alone_is_known(speak):
    found = told(speak(*TLS["only old"]))
    assert (found.kind, found.versions) == ("tls", ["TLS 1.1"])


@pytest.mark.parametrize("name", TALKS)
def test_what_is_spoken_in_the_clear_is_named(say, name):
    greeting, answer, (kind, said) = TALKS[name]
    found = told(say(greeting, answer))
    assert (found.kind, found.name) == (kind, said)


def test_who_says_nothing_to_anybody_is_silent(say):
    assert told(say(b"", None), script=QUICK).kind == "silent"


def test_a_busy_server_of_tls_is_waited_for(say):
    def alert(_asked):
        time.sleep(1)
        return b"\x15\x03\3\0\2\2\x28"

    assert told(say(b"", alert), script=HASTY).kind == "tls"


@pytest.mark.parametrize(("words", "kind"), [("SSH-2.0-x", "ssh"), ("+OK later", "clear")])
@pytest.mark.parametrize("seconds", [0, 1])
def test_a_busy_server_that_greets_late_is_waited_for(say, words, kind, seconds):
    def greet(_asked):
        time.sleep(seconds)
        return f"{words}\r\n".encode()

    assert told(say(b"", greet), script=HASTY).kind == kind


def test_who_takes_nobody_is_told(tmp_path):
    assert told(tmp_path / "nothing").kind == "closed"


def test_a_database_that_demands_tls_but_has_none_is_in_the_clear(say):
    found = told(say(packet(0, MYSQL), lambda _: packet(2, b"\xff" + REFUSED)))
    assert found.kind == "clear"


def test_ports_that_others_reach_are_asked_and_those_of_the_loopback_not(tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]  # nobody listens there
    rows = [f"LISTEN 0 9 {a}:{port} 0.0.0.0:*" for a in ("127.0.0.1", "[::1]", "192.0.2.1%eth0")]
    fake = tmp_path / "ss"
    fake.write_text("#!/bin/sh\n" + "".join(f"echo '{row}'\n" for row in rows[:2]))
    fake.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["perl", "-e", module.SCRIPT], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "asked\n"
    fake.write_text(
        f"#!/bin/sh\necho 'LISTEN 0 9 0.0.0.0:{port} 0.0.0.0:* users:((\"a b\",pid=1,fd=3))'\n"
    )
    done = subprocess.run(
        ["perl", "-e", module.SCRIPT], capture_output=True, text=True, env=environment, check=True
    )
    (found,) = module._read(done.stdout)
    assert found == ("0.0.0.0", port, "a b", "closed", "", [], [])


def host(text):
    asked = []

    def run(command, *arguments):
        asked.append(command % tuple(map(shlex.quote, arguments)) if arguments else command)
        return SimpleNamespace(stdout=text, rc=0)

    return SimpleNamespace(run=run, asked=asked)


def test_an_answer_that_is_not_whole_judges_nothing():
    for text in ("", "0.0.0.0\t22\tsshd\tssh\t\t\t\n"):
        with pytest.raises(ValueError, match="could not be asked"):
            module.services(host(text))
    with pytest.raises(ValueError, match="strange"):
        module.services(host("0.0.0.0\t22\tsshd\tstrange\t\t\t\nasked\n"))
    with pytest.raises(ValueError, match="OpenSSL"):
        module.by_default(host("asked\n"))


def test_services_are_named_by_what_holds_them_and_where():
    (found,) = module.services(host("::\t514\ta\tsilent\t\t\t\nasked\n"))
    assert str(found) == "a on [::]:514"
    assert found.spoken == "a on [::]:514 speaks silent"


def test_openssl_by_itself_is_asked_by_a_server_of_its_own():
    asked = host("/s\t0\topenssl\ttls\t\tTLS 1.2,TLS 1.3\t\nasked\n")
    assert module.by_default(asked).versions == ["TLS 1.2", "TLS 1.3"]
    done = subprocess.run(asked.asked, shell=True, capture_output=True, text=True, check=True)
    (found,) = module._read(done.stdout)
    assert found.versions == ["TLS 1.2", "TLS 1.3"]
