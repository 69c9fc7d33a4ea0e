"""Passwords: how strong new ones are, when guessing ends, how they are kept and how long they last.

Nobody logs in and nothing is counted here. The stacks of PAM are read as libpam reads them, for
every service, and followed as libpam would follow them when a password is wrong, weak or used
before; strength is what pwscore says of passwords that nobody has.
"""

import pytest

from ringfence.verify import control
from ringfence.verify.probes import account_lockout, password_quality, shadow_passwords
from ringfence.verify.probes import pam_scenarios as scenarios
from ringfence.verify.probes.pam_stacks import PamStacks

STRONG = "vK8#tuWq2!hZmR5xGp7@LbN4cYs9$JdF" * 2
"""All kinds of characters, nothing repeated or in sequence; cut to the length that is asked for."""
YESCRYPT = {"$y$", "$gy$"}
ALGORITHMS = {
    *("yescrypt", "gost_yescrypt", "md5", "bigcrypt", "sha256", "sha512", "blowfish"),
}
HIDDEN_MODE = r"^(root:(root|shadow) [46]?[04]?0|missing)$"
FORMER = "/etc/security/opasswd"
NEVER = {"0", "never"}


@pytest.fixture
def stacks(host):
    return PamStacks(host)


@pytest.fixture
def changing(stacks, expect):
    """The services through which a password of the host's own accounts is changed."""
    services = stacks.entries("password", "pam_unix")
    expect("services that change passwords", len(services), at_least=1)
    return {service: stacks.stack(service, "password") for service in services}


@pytest.fixture
def asking(stacks, expect):
    """The services that ask for a password of the host's own accounts."""
    services = stacks.entries("auth", "pam_unix")
    expect("services that ask for passwords", len(services), at_least=1)
    return {service: stacks.stack(service, "auth") for service in services}


@pytest.fixture
def passwords(host):
    return shadow_passwords.passwords(host)


# IAM-03: strength


@pytest.fixture
def judges(host, stacks, expect):
    """Every line of PAM that judges a new password, with the settings by which it does."""
    configured = password_quality.configuration(host)
    lines = {
        str(entry): password_quality.with_arguments(configured, entry.arguments)
        for entries in stacks.entries("password", "pam_pwquality").values()
        for entry in entries
    }
    expect("lines of PAM that judge new passwords", len(lines), at_least=1)
    return lines


@control("IAM-03")
def test_a_weak_password_is_refused_by_every_service(changing, expect):
    through = [
        service
        for service, stack in changing.items()
        if (seen := scenarios.weak_password(stack)).answer == "success" or seen.asks("pam_unix")
    ]
    expect("services that take a weak password", through, nothing=True)


@control("IAM-03")
def test_a_strong_password_is_taken(host, policy, expect):
    password = STRONG[: max(32, policy.passwords.length)]
    said = password_quality.verdict(host, password)
    expect(f"verdict on {len(password)} characters of all kinds", said, equals="good")


@control("IAM-03")
def test_a_short_password_is_refused(host, policy, expect):
    password = STRONG[: policy.passwords.length - 1]
    said = password_quality.verdict(host, password)
    expect(f"verdict on {len(password)} characters of all kinds", said, matches="shorter than")


@control("IAM-03")
def test_a_password_of_few_kinds_of_characters_is_refused(host, policy, expect):
    kinds = ["bvqkzmtwxhrpdgsnfl", "BVQKZMTWXH", "7294058361"][: policy.passwords.classes - 1]
    password = "".join("".join(letters) for letters in zip(*kinds, strict=False)) * 3
    said = password_quality.verdict(host, password)
    expect(f"verdict on {len(kinds)} kinds of characters", said, matches="character classes")


@control("IAM-03")
def test_a_password_of_repetitions_is_refused(host, expect):
    said = password_quality.verdict(host, STRONG[:24] + "zzzz")
    expect("verdict on four equal characters in a row", said, matches="same characters")


@control("IAM-03")
def test_a_password_with_a_sequence_is_refused(host, expect):
    said = password_quality.verdict(host, STRONG[:24] + "defghi")
    expect("verdict on a sequence of characters", said, matches="sequence")


@control("IAM-03")
def test_a_password_from_the_dictionary_is_refused(host, expect):
    word = "Telecommunication1"
    said = password_quality.verdict(host, word)
    if password_quality.asks_for_more(said):  # than words have: what would it say of a long one?
        found = password_quality.configuration(host)
        expect("dictcheck of libpwquality", found.get("dictcheck", "1"), differs_from="0")
        said = password_quality.cracklib_verdict(host, word)
    expect("verdict on a word of the dictionary", said, matches="dictionary")


@control("IAM-03")
def test_a_password_with_the_name_of_its_owner_is_refused(host, declared, expect):
    user = declared.ssh.user
    said = password_quality.verdict(host, f"{STRONG[:20]}{user}", user)
    expect("verdict on the name of the owner", said, matches="user name")


@control("IAM-03")
def test_the_judgement_binds_root_too(judges, expect):
    for line, settings in judges.items():
        expect(f"enforcing of {line}", settings.get("enforcing", "1"), differs_from="0")
        expect(f"settings of {line}", list(settings), includes=["enforce_for_root"])


@control("IAM-03")
def test_no_line_of_pam_asks_for_less(judges, policy, expect):
    for line, settings in judges.items():
        shortest, kinds = int(settings.get("minlen", 8)), int(settings.get("minclass", 0))
        expect(f"minlen of {line}", shortest, at_least=policy.passwords.length)
        expect(f"minclass of {line}", kinds, at_least=policy.passwords.classes)
        for credit in ("dcredit", "ucredit", "lcredit", "ocredit"):
            expect(f"{credit} of {line}", int(settings.get(credit, 0)), at_most=0)
        for check in ("dictcheck", "usercheck"):
            expect(f"{check} of {line}", settings.get(check, "1"), differs_from="0")


# IAM-04: guessing


@pytest.fixture
def counters(host, stacks, expect):
    """Every line of PAM that counts wrong passwords, with the settings by which it does."""
    lines = {
        str(entry): account_lockout.configuration(host, entry)
        for entries in stacks.entries("auth", "pam_faillock").values()
        for entry in entries
    }
    expect("lines of PAM that count wrong passwords", len(lines), at_least=1)
    return lines


@control("IAM-04")
def test_a_wrong_password_opens_no_service(stacks, expect):
    services = {service: stacks.stack(service, "auth") for service in stacks.services()}
    expect("services", len(services), at_least=1)
    open_to_all = [
        service
        for service, stack in services.items()
        if scenarios.wrong_password(stack).answer == "success"
    ]
    expect("services that a wrong password opens", open_to_all, nothing=True)


@control("IAM-04")
def test_a_wrong_password_is_counted_by_every_service(asking, expect):
    silent = [
        service
        for service, stack in asking.items()
        if not scenarios.wrong_password(stack).asks("pam_faillock", "authfail")
    ]
    expect("services that don't count a wrong password", silent, nothing=True)


@control("IAM-04")
def test_a_locked_account_is_refused_even_with_the_right_password(asking, expect):
    ignoring = [
        service
        for service, stack in asking.items()
        if scenarios.locked_account(stack).answer == "success"
    ]
    expect("services that let a locked account in", ignoring, nothing=True)


@control("IAM-04")
def test_the_right_password_opens_and_ends_the_count(stacks, asking, expect):
    closed = [
        s for s, stack in asking.items() if scenarios.right_password(stack).answer != "success"
    ]
    expect("services that refuse the right password", closed, nothing=True)
    going_on = [
        service
        for service, stack in asking.items()
        if not scenarios.right_password(stack).asks("pam_faillock", "authsucc")
        and not scenarios.right_password(stacks.stack(service, "account")).asks("pam_faillock")
    ]
    expect("services that go on counting after a success", going_on, nothing=True)


@control("IAM-04")
def test_an_account_is_locked_after_few_tries(counters, policy, expect):
    for line, settings in counters.items():
        allowed = range(1, policy.passwords.tries + 1)
        expect(f"deny of {line}", int(settings["deny"]), one_of=allowed)


@control("IAM-04")
def test_an_account_stays_locked_for_half_an_hour(counters, policy, expect):
    for line, settings in counters.items():
        for time in (settings["unlock_time"], settings.get("root_unlock_time", "never")):
            if time not in NEVER:
                expect(
                    f"unlock time of {line}", int(time), at_least=policy.passwords.locked_seconds
                )
        expect(f"unlock_time of {line}", settings["unlock_time"], differs_from="")


@control("IAM-04")
def test_wrong_passwords_are_counted_for_long_enough(counters, policy, expect):
    for line, settings in counters.items():
        seconds = int(settings["fail_interval"])
        expect(f"fail_interval of {line}", seconds, at_least=policy.passwords.counted_seconds)


@control("IAM-04")
def test_root_is_locked_too(counters, expect):
    for line, settings in counters.items():
        expect(f"settings of {line}", list(settings), includes=["even_deny_root"])


@control("IAM-04")
def test_all_lines_count_in_one_place(counters, expect):
    places = {settings.get("dir", "/var/run/faillock") for settings in counters.values()}
    expect("folders of the counters", len(places), equals=1)


# IAM-05: how passwords are kept


@control("IAM-05")
def test_no_account_has_an_empty_password(passwords, expect):
    expect("accounts in shadow", len(passwords), at_least=1)
    open_to_all = [one.account for one in passwords if not one.scheme]
    expect(f"accounts without a password, of {len(passwords)}", open_to_all, nothing=True)


@control("IAM-05")
def test_no_service_takes_an_empty_password(stacks, asking, expect):
    taking = [
        str(entry)
        for entries in stacks.entries("auth", "pam_unix").values()
        for entry in entries
        if {"nullok", "nullok_secure"} & set(entry.arguments)
    ]
    expect(f"lines of PAM that do, of {len(asking)} services", set(taking), nothing=True)


@control("IAM-05")
def test_passwords_are_kept_as_yescrypt(passwords, expect):
    kept = [one for one in passwords if one.is_set and one.scheme]
    expect("accounts in shadow", len(passwords), at_least=1)
    weaker = [
        f"{one.account} {one.scheme}"
        for one in kept
        if one.scheme not in YESCRYPT and not one.must_be_changed
    ]
    expect(f"passwords kept in another way, of {len(kept)}", weaker, nothing=True)


@control("IAM-05")
def test_new_passwords_are_kept_as_yescrypt(host, stacks, changing, expect):
    expect("services that change passwords", len(changing), at_least=1)
    default = shadow_passwords.definition(host, "ENCRYPT_METHOD")
    expect("ENCRYPT_METHOD of login.defs", default, equals={"YESCRYPT"})
    for entries in stacks.entries("password", "pam_unix").values():
        for entry in entries:
            named = [word for word in entry.arguments if word in ALGORITHMS]
            algorithm = named[-1] if named else "yescrypt"
            expect(f"algorithm of {entry}", algorithm, one_of=["yescrypt", "gost_yescrypt"])


@control("IAM-05")
def test_a_former_password_is_refused_by_every_service(changing, expect):
    through = [
        service
        for service, stack in changing.items()
        if (seen := scenarios.former_password(stack)).answer == "success" or seen.asks("pam_unix")
    ]
    expect("services that take a former password", through, nothing=True)


@pytest.fixture
def memories(host, stacks, expect):
    """Every line of PAM that refuses former passwords, with the settings by which it does."""
    lines = {
        str(entry): account_lockout.configuration(
            host, entry, "/etc/security/pwhistory.conf", {"remember": "10"}
        )
        for entries in stacks.entries("password", "pam_pwhistory").values()
        for entry in entries
    }
    expect("lines of PAM that refuse former passwords", len(lines), at_least=1)
    return lines


@control("IAM-05")
def test_enough_former_passwords_are_remembered(memories, policy, expect):
    for line, settings in memories.items():
        remembered = int(settings["remember"])
        expect(f"remember of {line}", remembered, at_least=policy.passwords.remembered)


@control("IAM-05")
def test_former_passwords_are_refused_of_root_too(memories, expect):
    for line, settings in memories.items():
        expect(f"settings of {line}", list(settings), includes=["enforce_for_root"])


@control("IAM-05")
def test_what_is_kept_is_what_was_judged(stacks, changing, expect):
    expect("services that change passwords", len(changing), at_least=1)
    asking_again = {
        str(entry)
        for entries in stacks.entries("password", "pam_unix").values()
        for entry in entries
        if "use_authtok" not in entry.arguments
    }
    expect("lines of PAM that ask for another password", asking_again, nothing=True)


@control("IAM-05")
def test_only_root_reads_the_passwords(host, expect):
    for path in ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-"):
        shown = host.run("stat -L -c '%%U:%%G %%a' -- %s", path).stdout.strip() or "missing"
        expect(f"owner and mode of {path}", shown, matches=HIDDEN_MODE)
    shown = host.run("stat -L -c '%%U:%%G %%a' -- %s", FORMER).stdout.strip() or "missing"
    expect(f"owner and mode of {FORMER}", shown, matches=r"^(root:root [64]?00|missing)$")


# IAM-06: age


@pytest.fixture
def longest(policy, declared):
    """After how many days a password on this host must be changed: the shortest that applies."""
    limits = policy.passwords.max_days
    days = [limits.basic]
    if declared.classification >= "medium":
        days.append(limits.medium)
    if declared.classification >= "high":
        days.append(limits.high)
    if declared.pci:
        days.append(limits.pci)
    return min(days)


@pytest.fixture
def ageing(host, passwords, declared, expect):
    """The passwords that must age: those of people, and every one that is set.

    The account that deploys has none as a rule: an age would only put its way in at risk.
    """
    people = shadow_passwords.people(host) - {declared.ssh.user}
    found = [one for one in passwords if one.is_set or one.account in people]
    expect("accounts in shadow", len(passwords), at_least=1)
    return found


@control("IAM-06")
def test_every_password_ends_in_time(ageing, longest, expect):
    endless = [
        f"{one.account} {one.longest}"
        for one in ageing
        if one.longest is None or not 0 <= one.longest <= longest
    ]
    expect(f"passwords good for more than {longest} days, of {len(ageing)}", endless, nothing=True)


@control("IAM-06")
def test_every_password_has_a_date_of_change_that_is_true(host, ageing, expect):
    today = shadow_passwords.today(host)
    expect("day of the host", today, at_least=1)
    wrong = [
        f"{one.account} {one.changed}"
        for one in ageing
        if one.is_set and (one.changed is None or not 0 <= one.changed <= today)
    ]
    expect(f"passwords changed never or in the future, of {len(ageing)}", wrong, nothing=True)


@control("IAM-06")
def test_the_owner_of_a_password_is_warned(ageing, policy, expect):
    days = policy.passwords.warned_days
    late = [one.account for one in ageing if one.warned is None or one.warned < days]
    expect(f"people warned less than {days} days before, of {len(ageing)}", late, nothing=True)


@control("IAM-06")
def test_the_passwords_of_new_accounts_end_in_time(host, longest, policy, expect):
    defined = shadow_passwords.definition(host, "PASS_MAX_DAYS") or {"99999"}
    for days in defined:
        expect("PASS_MAX_DAYS of login.defs", int(days), one_of=range(1, longest + 1))
    warned = shadow_passwords.definition(host, "PASS_WARN_AGE") or {"0"}
    for days in warned:
        expect("PASS_WARN_AGE of login.defs", int(days), at_least=policy.passwords.warned_days)


@control("IAM-06")
def test_a_key_opens_whatever_the_age_of_a_password(host, stacks, passwords, expect):
    lines = stacks.entries("account", "pam_unix").get("sshd", [])
    expect("lines of PAM that check accounts for sshd", len(lines), at_least=1)
    strict = [str(line) for line in lines if "no_pass_expiry" not in line.arguments]
    people = shadow_passwords.people(host)
    keyed = [one for one in passwords if one.account in people and not one.is_set]
    counting = [one.account for one in keyed if one.ages or one.must_be_changed]
    shut_out = counting if strict else []
    expect("accounts without a password that its age will shut out", shut_out, nothing=True)
