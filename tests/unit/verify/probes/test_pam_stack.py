"""Stacks that let nobody in without a code, and stacks that do."""

from types import SimpleNamespace

import pytest

from ringfence.verify.probes.pam_stack import auth_stack, can_succeed_without, outcome_of

CODE = "auth required pam_google_authenticator.so secret=/x/${USER}"
CODES = {"pam_google_authenticator.so"}
COMMON = """\
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
"""
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


@pytest.fixture
def pam():
    """A host whose PAM has these services."""

    def make(**services):
        files = {f"/etc/pam.d/{name.replace('_', '-')}": text for name, text in services.items()}

        def run(_command, path):
            found = files.get(path)
            return SimpleNamespace(rc=0 if found is not None else 1, stdout=found or "")

        return SimpleNamespace(run=run)

    return make


def stack_of(pam, text):
    host = pam(sshd=text, common_auth=COMMON, easy="auth sufficient pam_a.so\n", other="")
    return auth_stack(host, "sshd")


@pytest.mark.parametrize("text", HOLDING.values(), ids=list(HOLDING))
def test_a_stack_that_holds(pam, text):
    assert not can_succeed_without(stack_of(pam, text), CODES)


@pytest.mark.parametrize("text", YIELDING.values(), ids=list(YIELDING))
def test_a_stack_that_yields(pam, text):
    assert can_succeed_without(stack_of(pam, text), CODES)


def test_done_in_a_substack_ends_the_substack_alone(pam):
    stack = stack_of(pam, f"auth substack easy\n{CODE}")
    assert not outcome_of(stack, ["success", "auth_err"])
    assert outcome_of(stack, ["success", "success"])


def test_a_jump_counts_a_substack_as_one_module(pam):
    text = f"auth [success=1 default=ignore] pam_a.so\nauth substack common-auth\n{CODE}"
    stack = stack_of(pam, text)
    assert outcome_of(stack, ["success", "auth_err", "auth_err", "auth_err", "success"])


def test_the_service_other_stands_in(pam):
    host = pam(other="auth required pam_deny.so\n")
    assert [module.name for module in auth_stack(host, "sshd")] == ["pam_deny.so"]


def test_lines_are_joined_and_comments_dropped(pam):
    text = "# auth required pam_a.so\nAuth required \\\n pam_b.so one [two words] # three\n"
    (module,) = stack_of(pam, text)
    assert (module.name, module.arguments) == ("pam_b.so", ("one", "two words"))


def test_files_without_end_are_told(pam):
    with pytest.raises(ValueError, match="without end"):
        auth_stack(pam(sshd="@include sshd"), "sshd")


def test_a_stack_that_is_too_long_is_told(pam):
    with pytest.raises(ValueError, match="more than can be tried"):
        can_succeed_without(stack_of(pam, "auth required pam_a.so\n" * 20), CODES)
