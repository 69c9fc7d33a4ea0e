"""Real logins against PAM: right, wrong, locked, expired, weak, used before; and by key."""

import subprocess

import pytest

CONTAINERS = ("bastion1", "agent1")  # Debian 13 and Debian 12
FIRST, SECOND, WRONG = "vK8#tuWq2!hZmR5x", "Gp7@LbN4cYs9$JdF", "Wm3%eTy6?oPa1=Qx"
WEAK = "Summer2024"
REFUSED, IN = "refused", "in"

TOOLS = """\
# su reads passwords from its standard input when that is no terminal. It asks whoever isn't root.
enter() { # account password...
    account=$1
    shift
    printf '%s\\n' "$@" | runuser -u nobody -- su -s /bin/sh -c 'echo in' "$account" 2>/dev/null |
        grep -x in || echo refused
}
change() { # account password...: by the account itself
    account=$1
    shift
    if printf '%s\\n' "$@" | runuser -u "$account" -- passwd >/dev/null 2>&1
    then echo in; else echo refused; fi
}
change_as_root() { # account password
    if printf '%s\\n' "$2" "$2" | passwd "$1" >/dev/null 2>&1; then echo in; else echo refused; fi
}
wrong() { # account: as many wrong passwords as lock it
    for _ in 1 2 3 4 5; do enter "$1" 'Wm3%eTy6?oPa1=Qx' >/dev/null; done
}
failures() { # account: how many are counted
    faillock --user "$1" | grep -c ' V$' || true
}
"""
OPEN_SU = """\
# The role `accounts` keeps su for root. What is tried here is what every service includes.
cp -a /etc/pam.d/su /root/su.kept
printf '%s\n' 'auth sufficient pam_rootok.so' '@include common-auth' '@include common-account' \
    '@include common-session' >/etc/pam.d/su
"""
CLEAN = """\
mv -T /root/su.kept /etc/pam.d/su
userdel -rf labperson
rm -f /etc/ssh/authorized_keys.d/labperson
"""


@pytest.fixture(scope="module")
def once(direct):
    """The lab at its baseline, with somebody on each host who has a password."""
    hosts = ",".join(CONTAINERS)
    ended = direct.ringfence("apply", str(direct.path), "--limit", hosts, "--no-verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for host in CONTAINERS:
        direct.run_on(host, OPEN_SU)
    yield direct
    for host in CONTAINERS:
        direct.run_on(host, CLEAN)


@pytest.fixture(params=CONTAINERS)
def host(request):
    return request.param


@pytest.fixture
def ask(once, host):
    """Run a script with TOOLS on a host where labperson's password is FIRST; return its lines."""
    prepare = f"""
        userdel -rf labperson 2>/dev/null
        sed -i '/^labperson:/d' /etc/security/opasswd
        useradd -m -s /bin/bash labperson
        printf 'labperson:%s\\n' '{FIRST}' | chpasswd
        faillock --user labperson --reset
    """

    def run(script):
        return once.run_on(host, f"{TOOLS}\n{prepare}\n{script}").split("\n")[:-1]

    return run


def test_the_right_password_opens_and_a_wrong_one_does_not(ask):
    assert ask(f"enter labperson '{FIRST}'; enter labperson '{WRONG}'") == [IN, REFUSED]


def test_an_empty_password_opens_nothing(ask):
    assert ask("usermod -p '' labperson; enter labperson ''") == [REFUSED]


def test_wrong_passwords_lock_and_half_an_hour_unlocks(ask):
    later = (
        "perl -e 'open F, q(+<), shift; binmode F; while (read F, $r, 64) { substr($r, 56, 8) = "
        "pack(q(Q), unpack(q(Q), substr $r, 56, 8) - $ARGV[0]); seek F, -64, 1; print F $r; "
        "seek F, 0, 1 }' /run/faillock/labperson"
    )
    right = f"enter labperson '{FIRST}'"
    said = ask(f"wrong labperson; {right}; {later} 1700; {right}; {later} 200; {right}; {right}")
    assert said == [REFUSED, REFUSED, IN, IN]


def test_a_success_ends_the_count(ask):
    said = ask(
        f"enter labperson '{WRONG}'; failures labperson; enter labperson '{FIRST}'; "
        "failures labperson"
    )
    assert said == [REFUSED, "1", IN, "0"]


def test_who_must_change_a_password_gets_in_with_a_strong_new_one_alone(ask):
    expired = "chage -d 0 labperson"
    new = f"enter labperson '{FIRST}' '{FIRST}' '{SECOND}' '{SECOND}'"
    weak = f"enter labperson '{FIRST}' '{FIRST}' '{WEAK}' '{WEAK}' '{WEAK}'"
    said = ask(f"{expired}; {weak}; {new}; enter labperson '{FIRST}'; enter labperson '{SECOND}'")
    assert said == [REFUSED, IN, REFUSED, IN]


def test_an_old_password_must_be_changed(ask):
    said = ask(f"chage -d 2020-01-01 labperson; enter labperson '{FIRST}'")
    assert said == [REFUSED]


def test_weak_and_former_passwords_are_refused(ask):
    said = ask(
        f"change labperson '{FIRST}' '{WEAK}' '{WEAK}' '{WEAK}'; "
        f"change labperson '{FIRST}' '{SECOND}' '{SECOND}'; "
        f"change labperson '{SECOND}' '{FIRST}' '{FIRST}' '{FIRST}'; "
        f"enter labperson '{SECOND}'"
    )
    assert said == [REFUSED, IN, REFUSED, IN]


def test_root_is_bound_too(ask):
    said = ask(
        f"change_as_root labperson '{WEAK}'; "
        f"printf 'labperson:%s\\n' '{WEAK}' | chpasswd >/dev/null 2>&1 && echo in || echo refused; "
        f"change_as_root labperson '{SECOND}'; change_as_root labperson '{FIRST}'; "
        f"enter labperson '{SECOND}'"
    )
    assert said == [REFUSED, REFUSED, IN, REFUSED, IN]


def test_a_new_password_is_kept_as_yescrypt_and_ends_in_time(ask):
    said = ask("getent shadow labperson | cut -d: -f2 | cut -c1-3; chage -l labperson | grep Max")
    assert said[0] == "$y$"
    assert int(said[1].split(":")[1]) <= 365


def test_the_account_that_deploys_works_while_it_and_root_are_locked(ask, once, host):
    said = ask(
        "wrong deploy; wrong root; failures deploy; failures root; runuser -u deploy -- true"
    )
    assert said == ["5", "5"]
    assert once.run_on(host, "id -un; su -s /bin/sh -c 'echo in' root").split() == ["root", IN]
    once.run_on(host, "faillock --user root --reset; faillock --user deploy --reset")


@pytest.mark.parametrize("password", ["none", "set"])
def test_a_key_opens_whatever_the_age_of_the_password(ask, once, host, password):
    ask(
        f"usermod -aG ringfence-admin labperson; [ {password} = set ] || usermod -p '!' labperson; "
        "cp /etc/ssh/authorized_keys.d/deploy /etc/ssh/authorized_keys.d/labperson; "
        "chage -d 2020-01-01 -M 30 -I 1 labperson"
    )
    assert by_key(once, host) == IN
    once.run_on(host, "chage -d 0 -I -1 labperson")
    assert by_key(once, host) == IN
    once.run_on(host, "chage -E 2020-01-01 labperson")
    assert by_key(once, host) == "", "an account that has ended must stay shut"


def test_edits_by_hand_are_told_and_replaced(once, host):
    edit = "sed -i '/pam_deny/i auth optional pam_env.so' /etc/pam.d/common-auth"
    once.run_on(host, edit)
    ended = once.ringfence(
        *("apply", str(once.path), "--limit", host, "--role", "passwords", "--no-verify")
    )
    assert ended.returncode == 0, ended.stderr
    told = [line for line in (ended.stdout + ended.stderr).splitlines() if "by hand" in line]
    assert len(told) == 1
    assert "/etc/pam.d/common-auth" in told[0]
    assert "pam_env" not in once.run_on(host, "cat /etc/pam.d/common-auth")


def by_key(site, host):
    """Log in as labperson with the lab's key; return what the login prints."""
    command = ["ssh", "-F", str(site.path / ".lab/ssh_config"), "-l", "labperson", host, "echo in"]
    ended = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    return ended.stdout.strip()
