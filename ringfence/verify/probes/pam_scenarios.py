"""What happens at a login or a change of password, by the stacks of PAM of a service.

A module that is not named here succeeds, as one would that somebody added to let people in.
"""

from collections.abc import Mapping

from ringfence.verify.probes.pam_stacks import Entry, Outcome, Stack, outcome
from ringfence.verify.probes.second_factors import MODULES

REFUSES = "auth_err"
ALWAYS: Mapping[str, str] = {"pam_deny": REFUSES, "pam_rootok": REFUSES, "pam_warn": "ignore"}
"""Who logs in isn't root."""
BESIDE = (
    "pam_sss",
    "pam_ldap",
    "pam_krb5",
    "pam_winbind",
    "pam_fprintd",
    "pam_ecryptfs",
)
"""Other ways to log in, which don't know the account or the password at hand."""


def right_password(stack: Stack) -> Outcome:
    """The password is right and the account isn't locked."""
    return outcome(stack, lambda entry: _answer(entry, {}))


def wrong_password(stack: Stack) -> Outcome:
    """The password is wrong."""
    return outcome(stack, lambda entry: _answer(entry, {"pam_unix": REFUSES}))


def locked_account(stack: Stack) -> Outcome:
    """The password is right, and so many were wrong before that the account is locked."""
    return outcome(stack, lambda entry: _answer(entry, {"pam_faillock": REFUSES}))


def weak_password(stack: Stack) -> Outcome:
    """The new password is too weak."""
    return outcome(stack, lambda entry: _answer(entry, {"pam_pwquality": "authtok_err"}))


def former_password(stack: Stack) -> Outcome:
    """The new password was used before."""
    return outcome(stack, lambda entry: _answer(entry, {"pam_pwhistory": "authtok_err"}))


def _answer(entry: Entry, answers: Mapping[str, str]) -> str:
    if entry.module == "pam_faillock" and "authfail" in entry.arguments:
        return REFUSES if "pam_faillock" in answers else "ignore"
    if entry.module == "pam_wheel" and "trust" not in entry.arguments:
        return "ignore"  # as it does for the members of its group (pam_wheel(8))
    if entry.module in (*BESIDE, "pam_wheel"):
        return "user_unknown"
    if entry.module in MODULES:  # a password stands in for no code
        return REFUSES
    return {**ALWAYS, **answers}.get(entry.module, "success")
