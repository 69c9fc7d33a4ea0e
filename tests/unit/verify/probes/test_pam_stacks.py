"""PAM's stacks, as libpam reads and follows them."""

import pytest

from ringfence.verify.probes import pam_scenarios as scenarios
from ringfence.verify.probes.pam_stacks import PamStacks, can_succeed_without, flat
from ringfence.verify.probes.second_factors import MODULES

DEBIAN = """\
auth [success=1 default=ignore] pam_unix.so try_first_pass
auth requisite pam_deny.so
auth required pam_permit.so
"""
COUNTED = """\
auth requisite pam_faillock.so preauth
auth [success=2 default=ignore] pam_unix.so try_first_pass
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_permit.so
"""


class Host:
    """Answers the one question that the probe asks."""

    def __init__(self, **files):
        self.files = files

    def run(self, command):
        lines = [
            f"{path.replace('__', '/')}\0{line}"
            for path, text in self.files.items()
            for line in text.splitlines()
        ]
        return type("Answer", (), {"stdout": "\n".join(lines) + "\n"})


def stacks(**services):
    return PamStacks(Host(**{f"/etc/pam.d/{name}": text for name, text in services.items()}))


def auth(text, **others):
    return stacks(login=text, **others).stack("login", "auth")


def test_other_folders_are_read_behind_the_first():
    found = PamStacks(
        Host(
            **{
                "/etc/pam.d/a": "auth required pam_unix.so",
                "/usr/lib/pam.d/a": "auth required pam_permit.so",
                "/usr/lib/pam.d/b": "auth required pam_deny.so",
            }
        )
    )
    assert found.services() == ["a", "b"]
    assert [one.module for one in flat(found.stack("a", "auth"))] == ["pam_unix"]


def test_a_service_without_a_file_is_other():
    assert [e.module for e in flat(stacks(other=DEBIAN).stack("new", "auth"))][:1] == ["pam_unix"]


def test_every_form_of_a_line_is_read():
    text = (
        "#%PAM-1.0\n\n"
        "-auth  [success=1 \\\n default=ignore]\t/lib/security/pam_unix.so a=[b c] d # x\n"
        "account required pam_unix.so\n@include common-auth\nauth include common-auth\n"
        "auth substack common-auth\n"
    )
    found = flat(auth(text, **{"common-auth": "auth required pam_deny.so"}))
    assert [one.module for one in found] == ["pam_unix", "pam_deny", "pam_deny", "pam_deny"]
    assert found[0].place == "/etc/pam.d/login:3"
    assert found[0].action("success") == "1"
    assert found[0].action("auth_err") == "ignore"


def test_arguments_have_values_and_the_last_wins():
    (entry,) = flat(auth("auth required pam_faillock.so deny=5 audit deny=9 [conf=/a b]"))
    assert entry.value("deny") == "9"
    assert entry.value("audit") == ""
    assert entry.value("conf") == "/a b"
    assert entry.value("unlock_time") is None


def test_a_file_that_includes_itself_is_an_error():
    with pytest.raises(ValueError, match="includes itself"):
        auth("@include login")


@pytest.mark.parametrize("text", [DEBIAN, COUNTED])
def test_the_right_password_opens_and_a_wrong_one_does_not(text):
    assert scenarios.right_password(auth(text)).answer == "success"
    assert scenarios.wrong_password(auth(text)).answer != "success"


def test_a_lock_holds_only_where_it_is_looked_at():
    assert scenarios.locked_account(auth(DEBIAN)).answer == "success"
    assert scenarios.locked_account(auth(COUNTED)).answer == "auth_err"


def test_only_what_is_reached_counts():
    assert scenarios.wrong_password(auth(COUNTED)).asks("pam_faillock", "authfail")
    jumped = COUNTED.replace("default=ignore", "default=1")
    assert not scenarios.wrong_password(auth(jumped)).asks("pam_faillock", "authfail")


@pytest.mark.parametrize(
    "line",
    [
        "auth sufficient pam_permit.so",
        "auth [success=done default=ignore] pam_permit.so",
        "auth [success=4 default=ignore] pam_permit.so",
        "auth sufficient pam_something_new.so",
    ],
)
def test_a_line_that_opens_to_all_is_seen(line):
    assert scenarios.wrong_password(auth(f"{line}\n{COUNTED}")).answer == "success"


def test_a_way_around_the_lock_is_seen():
    stack = auth(f"auth sufficient pam_unix.so\n{COUNTED}")
    assert scenarios.locked_account(stack).answer == "success"


def test_a_gate_for_a_group_is_passed_by_its_members_and_opens_to_nobody():
    stack = auth(f"auth requisite pam_wheel.so use_uid group=nobody\n{COUNTED}")
    assert scenarios.right_password(stack).answer == "success"
    assert scenarios.wrong_password(stack).asks("pam_faillock", "authfail")
    trusting = auth(f"auth sufficient pam_wheel.so trust\n{COUNTED}")
    assert scenarios.wrong_password(trusting).answer != "success"


def test_root_s_own_way_is_nobody_s():
    assert scenarios.wrong_password(auth("auth sufficient pam_rootok.so")).answer == "perm_denied"


def test_a_substack_ends_by_itself():
    text = "auth substack inner\nauth required pam_deny.so"
    inner = "auth sufficient pam_permit.so"
    assert scenarios.right_password(auth(text, inner=inner)).answer == "auth_err"
    assert scenarios.right_password(auth("@include inner", inner=inner)).answer == "success"


def test_a_jump_off_the_stack_is_refused():
    assert scenarios.right_password(auth("auth [success=3] pam_unix.so")).answer == "bad jump"


def test_a_bad_answer_is_not_made_good_by_a_later_one():
    text = "auth required pam_unix.so\nauth required pam_permit.so"
    assert scenarios.wrong_password(auth(text)).answer == "auth_err"


def test_reset_forgets():
    text = "auth required pam_unix.so\nauth [default=reset] pam_env.so\nauth required pam_permit.so"
    assert scenarios.wrong_password(auth(text)).answer == "success"


def test_weak_and_former_passwords_stop_the_stack():
    found = stacks(
        passwd=(
            "password requisite pam_pwquality.so\npassword requisite pam_pwhistory.so\n"
            "password required pam_unix.so"
        )
    ).stack("passwd", "password")
    assert scenarios.right_password(found).asks("pam_unix")
    for seen in (scenarios.weak_password(found), scenarios.former_password(found)):
        assert seen.answer == "authtok_err"
        assert not seen.asks("pam_unix")


def test_entries_are_found_by_service():
    found = stacks(login=DEBIAN, su="auth sufficient pam_rootok.so").entries("auth", "pam_unix")
    assert list(found) == ["login"]


@pytest.mark.parametrize("module", MODULES)
def test_a_password_does_not_stand_in_for_a_code(module):
    text = f"auth requisite {module}.so\nauth required pam_permit.so"
    assert scenarios.wrong_password(auth(text)).answer == "auth_err"


CODE = "auth required pam_google_authenticator.so secret=/x/${USER}"
CODES = {"pam_google_authenticator"}
HOLDING = {
    "code alone": CODE,
    "code and password": f"{CODE}\n@include common-auth",
    "password and code": f"@include common-auth\n{CODE}",
    "requisite": CODE.replace("required", "requisite"),
    "sufficient before deny": f"{CODE.replace('required', 'sufficient')}\n"
    "auth required pam_deny.so",
    "sufficient and nothing else": CODE.replace("required", "sufficient"),
    "a delay before it": f"auth optional pam_faildelay.so delay=1\n{CODE}",
    "a broken line": f"auth\n{CODE}",
    "substack": f"auth substack common-auth\n{CODE}",
    "jump that lands on it": "auth [success=1 default=ignore] pam_a.so\n"
    f"auth required pam_b.so\n{CODE}",
    "jump beyond the end": f"auth [success=5 default=ignore] pam_a.so\n{CODE}",
    "no module at all": "",
}
YIELDING = {
    "sufficient before it": f"auth sufficient pam_rhosts.so\n{CODE}",
    "done before it": f"auth [success=done default=bad] pam_a.so\n{CODE}",
    "optional beside another": f"{CODE.replace('required', 'optional')}\nauth required pam_unix.so",
    "jump over it": f"auth [success=1 default=ignore] pam_succeed_if.so user = x\n{CODE}\n"
    "auth required pam_permit.so",
    "its refusal forgotten": f"{CODE}\nauth [default=reset] pam_a.so\nauth required pam_permit.so",
    "its refusal ignored": "auth [success=ok default=ignore] pam_google_authenticator.so\n"
    "auth required pam_permit.so",
    "sufficient in an included file": f"auth include easy\n{CODE}",
    "without it": "@include common-auth",
}


def with_a_code(text):
    return auth(text, **{"common-auth": DEBIAN, "easy": "auth sufficient pam_a.so"})


@pytest.mark.parametrize("text", HOLDING.values(), ids=list(HOLDING))
def test_a_stack_that_demands_a_code(text):
    assert not can_succeed_without(with_a_code(text), CODES)


@pytest.mark.parametrize("text", YIELDING.values(), ids=list(YIELDING))
def test_a_stack_that_lets_in_without_one(text):
    assert can_succeed_without(with_a_code(text), CODES)


def test_a_stack_that_is_too_long_is_told():
    with pytest.raises(ValueError, match="more than can be tried"):
        can_succeed_without(auth("auth required pam_a.so\n" * 20), CODES)
