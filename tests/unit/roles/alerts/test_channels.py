"""What leaves the host, by real servers."""

import pytest

MAIL = {"name": "soc", "server": "127.0.0.1", "sender": "ringfence@example.org"}


def mail(program, smtp, to=("ana@example.org",), **more):
    secrets = {"smtp": "canary-pass"}
    channel = {**MAIL, "port": smtp.port, "security": "none", "to": list(to), **more}
    program.configure({"mail": [channel]}, secrets)


def test_a_failed_unit_reaches_people_by_mail(program, smtp):
    mail(program, smtp, to=["ana@example.org", "soc@example.org"])
    assert program.run("failed", "fail2ban.service")[0] == 0
    [(_, recipients, message)] = smtp.messages
    assert len(recipients) == 2
    assert "Subject: [Ringfence] pbx1: fail2ban.service" in message
    assert "fail2ban.service failed (exit-code)" in message
    assert "From: ringfence@example.org" in message
    assert "Auto-Submitted: auto-generated" in message
    assert program.waiting() == []


def test_why_is_what_systemd_hands_over(program, smtp, monkeypatch):
    """A unit that was started again meanwhile has the result `success`."""
    monkeypatch.setenv("MONITOR_SERVICE_RESULT", "signal")
    mail(program, smtp)
    program.run("failed", "fail2ban.service")
    [(_, _, message)] = smtp.messages
    assert "fail2ban.service failed (signal)" in message


def test_a_password_goes_by_tls_alone_and_is_told_nobody(program, smtp, certificate):
    smtp.context = certificate
    mail(program, smtp, security="starttls", authority="site", user="alerts", password="smtp")
    code, said = program.run("failed", "a.service")
    assert (code, said) == (0, "a.service failed (exit-code)\n")
    [(user, _, _)] = smtp.messages
    assert user[1:] == ["alerts", "canary-pass"]
    kept = [path.read_text() for path in program.state.rglob("*") if path.is_file()]
    assert "canary-pass" not in "".join(kept)


def test_a_server_without_tls_gets_nothing(program, smtp):
    mail(program, smtp, security="starttls")
    code, said = program.run("failed", "a.service")
    assert code == 0
    assert "SMTPNotSupportedError" in said
    assert smtp.messages == []
    assert program.waiting() == ["soc/failed.a.service"]


def test_a_certificate_that_nobody_trusts_gets_nothing(program, smtp, certificate):
    smtp.context = certificate
    mail(program, smtp, security="starttls")
    assert "its certificate is refused" in program.run("failed", "a.service")[1]
    assert smtp.messages == []
    assert program.waiting() == ["soc/failed.a.service"]


def test_a_wrong_password_is_told_by_its_code(program, smtp, certificate):
    smtp.context = certificate
    smtp.account = ["alerts", "another"]
    mail(program, smtp, security="starttls", authority="site", user="alerts", password="smtp")
    said = program.run("failed", "a.service")[1]
    assert "SMTPAuthenticationError, code 535" in said
    assert "canary" not in said
    assert program.waiting() == ["soc/failed.a.service"]


def test_a_recipient_that_is_refused_is_remembered_and_the_others_hear_once(program, smtp):
    smtp.unknown = ["gone@"]
    mail(program, smtp, to=["ana@example.org", "gone@example.org"])
    program.run("failed", "a.service")
    assert len(smtp.messages) == 1
    assert program.remembered("soc")["refused"] == 1
    assert program.waiting() == []


def test_a_webhook_gets_json_and_its_token(program, web, certificate):
    web.socket = certificate.wrap_socket(web.socket, server_side=True)
    hook = {"name": "chat", "url": f"https://127.0.0.1:{web.server_port}", "authority": "site"}
    secrets = {"t": "canary-token", "p": "/services/canary"}
    program.configure({"webhooks": [{**hook, "token": "t", "path": "p"}]}, secrets)
    assert program.run("failed", "a.service") == (0, "a.service failed (exit-code)\n")
    [(path, headers, content)] = web.calls
    assert path == "/services/canary"
    assert headers["Authorization"] == "Bearer canary-token"
    assert content["text"].startswith("[Ringfence] pbx1: a.service\n")
    assert content["alerts"][0]["unit"] == "a.service"


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_what_is_no_success_is_none_and_no_redirection_is_followed(hook, web, status):
    web.answers = [status]
    assert f"it answered {status}" in hook.run("failed", "a.service")[1]
    assert len(web.calls) == 1
    assert hook.waiting() == ["chat/failed.a.service"]


def test_a_message_that_is_sent_again_has_the_same_id(hook, web):
    web.answers = [500]
    hook.run("failed", "a.service")
    hook.run("watch")
    ids = [call[2]["id"] for call in web.calls if call[2]["alerts"][0]["kind"] == "failed"]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_secret_that_the_host_lacks_is_named(program, web):
    hook = {"name": "chat", "url": f"https://127.0.0.1:{web.server_port}", "token": "t"}
    program.configure({"webhooks": [hook]})
    assert "the secret 't' is not on this host" in program.run("failed", "a.service")[1]
    assert program.waiting() == ["chat/failed.a.service"]
