"""Remote administration: what sshd allows by its whole configuration, and what it does.

The configuration is judged as `sshd -T` computes it, for root, for the account that deploys, for
the people admitted to the host, for a stranger, and for whomever a Match block names. Connections
are made by the host to its own sshd.
"""

import re
from ipaddress import ip_network

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import (
    key_alone,
    key_register,
    second_factors,
    session_limits,
    sshd_process,
)
from ringfence.verify.probes.access_lists import accounts, lets_in
from ringfence.verify.probes.authorized_keys import is_from_within
from ringfence.verify.probes.match_blocks import STRANGER
from ringfence.verify.probes.pam_stacks import PamStacks, can_succeed_without, flat
from ringfence.verify.probes.ssh_attempts import SIGNALS, SshAttempts, listeners_that_speak_ssh
from ringfence.verify.probes.sshd_configuration import SshdConfiguration

CIPHERS = {"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"}
MACS = {"hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com"}
KEY_EXCHANGES = {
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
}
HOST_KEY_ALGORITHMS = {"ssh-ed25519", "rsa-sha2-512"}
SHA1_SIGNATURES = {
    "ssh-rsa",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-dss",
    "ssh-dss-cert-v01@openssh.com",
}
STRICT_KEY_EXCHANGE = "kex-strict-s-v00@openssh.com"  # closes CVE-2023-48795 (Terrapin)

WEAK_CIPHERS = ["aes128-cbc", "aes256-cbc", "3des-cbc", "aes128-ctr", "aes256-ctr"]
WEAK_MACS = ["hmac-sha1", "hmac-md5", "umac-64@openssh.com", "hmac-sha1-etm@openssh.com"]
WEAK_KEY_EXCHANGES = [
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group-exchange-sha1",
    "ecdh-sha2-nistp256",
]
WEAK_HOST_KEYS = ["ssh-rsa", "ecdsa-sha2-nistp256"]

ONLY_ROOT_WRITES = r"^root [0-7]*[0145][0145]$"
ONLY_ROOT_READS = r"^root [46]?00$"
KEY_AND_CODE = "publickey,keyboard-interactive:pam"
SLOWEST_GUESSER = 6
"""Codes a minute that may be tried; of a million codes, three are good at a time."""
STRONG_HOST_KEY = r"^(ED25519 256|RSA (307[2-9]|30[89]\d|3[1-9]\d\d|[4-9]\d{3}|\d{5,}))$"
FAMILIES = {"ED25519": "ssh-ed25519", "RSA": "rsa-sha2-", "ECDSA": "ecdsa-sha2-"}


@pytest.fixture
def sshd(host, site, declared, expect):
    users = [access.user for access in site.access(declared)]
    configuration = SshdConfiguration(host, users)
    if configuration.fault:
        expect("fault that sshd finds in its configuration", configuration.fault, nothing=True)
    return configuration


@pytest.fixture
def attempts(host, sshd):
    return SshAttempts(host, sshd.listens)


@pytest.fixture
def deployer(declared):
    return declared.ssh.user


# SSH-01: keys only, never root


@control("SSH-01")
def test_root_may_not_log_in(sshd, expect):
    expect("PermitRootLogin", sshd.effective("permitrootlogin"), equals="no")


@control("SSH-01")
def test_passwords_are_not_accepted(sshd, expect):
    expect("PasswordAuthentication", sshd.effective("passwordauthentication"), equals="no")


@control("SSH-01")
def test_keyboard_interactive_logins_are_off(sshd, declared, expect):
    """A bastion asks for a code that way, where every way in begins with a key."""
    values = {}
    for connection, settings in sshd.by_connection.items():
        methods = " ".join(settings.get("authenticationmethods", ["any"])).split()
        after_a_key = all(way.split(",")[0] == "publickey" for way in methods)
        if not (after_a_key and declared.in_group("bastion")):
            value = " ".join(settings.get("kbdinteractiveauthentication", ["not set"]))
            values.setdefault(value, connection)
    shown = [f"{value} for {connection}" for value, connection in values.items() if value != "no"]
    subject = "KbdInteractiveAuthentication where no key comes before it"
    expect(subject, "; ".join(shown) or "no", equals="no")


@control("SSH-01")
def test_empty_passwords_are_not_accepted(sshd, expect):
    expect("PermitEmptyPasswords", sshd.effective("permitemptypasswords"), equals="no")


@control("SSH-01")
def test_trust_in_other_hosts_is_off(sshd, expect):
    expect("HostbasedAuthentication", sshd.effective("hostbasedauthentication"), equals="no")
    expect("IgnoreRhosts", sshd.effective("ignorerhosts"), equals="yes")


@control("SSH-01")
def test_kerberos_tickets_are_not_accepted(sshd, expect):
    for keyword in ("GSSAPIAuthentication", "KerberosAuthentication"):
        expect(keyword, sshd.effective(keyword.lower()), one_of=["no", "not set"])


@control("SSH-01")
def test_every_login_needs_a_key(sshd, expect):
    expect("PubkeyAuthentication", sshd.effective("pubkeyauthentication"), equals="yes")
    for methods in sshd.values("authenticationmethods"):
        expect("AuthenticationMethods", methods, matches=r"^(any$|(publickey\S*( |$))+$)")


@control("SSH-01")
def test_users_cannot_set_the_environment_of_their_login(sshd, expect):
    value = sshd.effective("permituserenvironment")
    expect("PermitUserEnvironment", value, equals="no")


@control("SSH-01")
def test_logins_pass_the_account_checks_of_pam(sshd, expect):
    expect("UsePAM", sshd.effective("usepam"), equals="yes")


@control("SSH-01")
@pytest.mark.parametrize("who", ["root", "the deploying account", "a stranger"])
def test_only_keys_are_offered_on_the_wire(attempts, deployer, expect, who):
    users = {
        "root": ("root", 41),
        "the deploying account": (deployer, 42),
        "a stranger": (STRANGER, 43),
    }
    seen = attempts.without_key(*users[who])
    expect(f"methods that sshd offers to {who}", seen.methods, equals="publickey")


@control("SSH-01")
def test_a_foreign_key_is_refused(attempts, deployer, expect):
    seen, _, _ = attempts.with_foreign_key(deployer, probe=48)
    expect(f"login of {deployer} with a key made just now", seen.outcome, equals="refused")


@control("SSH-01")
def test_the_running_sshd_has_no_options_beside_its_configuration(host, expect):
    running = sshd_process.running_options(host)
    expect("sshd processes that listen", len(running), at_least=1)
    for options in running:
        expect("options of the running sshd", options, within={"-D"})


@control("SSH-01")
def test_sshd_starts_without_options_beside_its_configuration(host, expect):
    options = sshd_process.start_options(host)
    expect("options with which sshd starts", options, within={"-D"})


@control("SSH-01")
def test_the_running_sshd_has_read_its_configuration_since_it_changed(host, sshd, expect):
    changed = sshd_process.changed_since_read(host, sshd)
    expect("configuration that changed after sshd read it", changed, nothing=True)


@control("SSH-01")
def test_only_root_can_change_the_configuration_of_sshd(host, sshd, expect):
    for path in sshd_process.files_and_folders(sshd):
        shown = host.run("stat -L -c '%%U %%a' -- %s", path).stdout.strip()
        expect(f"owner and mode of {path}", shown, matches=ONLY_ROOT_WRITES)


@control("SSH-01")
def test_no_other_ssh_server_listens(host, sshd, policy, expect):
    found = {f"{address}:{number}" for address, number in listeners_that_speak_ssh(host)}
    configured = {f"{address.strip('[]')}:{policy.ssh.port}" for address, _ in sshd.listens}
    expect("ports at which an SSH server answers", len(found), at_least=1)
    expect("ports at which an SSH server answers", found, within=configured)


# SSH-02: strong cryptography


@control("SSH-02")
def test_only_modern_key_exchanges_are_configured(sshd, expect):
    expect("KexAlgorithms", listed(sshd, "kexalgorithms"), within=KEY_EXCHANGES)


@control("SSH-02")
def test_only_authenticated_ciphers_are_configured(sshd, expect):
    expect("Ciphers", listed(sshd, "ciphers"), within=CIPHERS)


@control("SSH-02")
def test_only_modern_macs_are_configured(sshd, expect):
    expect("MACs", listed(sshd, "macs"), within=MACS)


@control("SSH-02")
def test_only_modern_host_keys_are_configured(sshd, expect):
    offered = listed(sshd, "hostkeyalgorithms")
    expect("HostKeyAlgorithms", offered, within=HOST_KEY_ALGORITHMS)


@control("SSH-02")
def test_users_cannot_sign_with_sha1(sshd, expect):
    for algorithms in sshd.values("pubkeyacceptedalgorithms"):
        weak = set(algorithms.split(",")) & SHA1_SIGNATURES
        expect("PubkeyAcceptedAlgorithms that use SHA-1", weak, nothing=True)


@control("SSH-02")
def test_only_modern_key_exchanges_are_offered_on_the_wire(attempts, deployer, expect):
    offered = on_the_wire(attempts, deployer, "kex")
    methods = [name for name in offered if not SIGNALS.match(name)]
    expect("key exchanges that sshd offers", methods, differs_from=[])
    expect("key exchanges that sshd offers", methods, within=KEY_EXCHANGES)
    expect("protection against Terrapin", offered, includes=[STRICT_KEY_EXCHANGE])


@control("SSH-02")
def test_only_authenticated_ciphers_are_offered_on_the_wire(attempts, deployer, expect):
    offered = on_the_wire(attempts, deployer, "ciphers")
    expect("ciphers that sshd offers", offered, differs_from=[])
    expect("ciphers that sshd offers", offered, within=CIPHERS)


@control("SSH-02")
def test_only_modern_macs_are_offered_on_the_wire(attempts, deployer, expect):
    offered = on_the_wire(attempts, deployer, "macs")
    expect("MACs that sshd offers", offered, differs_from=[])
    expect("MACs that sshd offers", offered, within=MACS)


@control("SSH-02")
def test_only_modern_host_keys_are_offered_on_the_wire(attempts, deployer, expect):
    offered = on_the_wire(attempts, deployer, "host keys")
    expect("host key algorithms that sshd offers", offered, differs_from=[])
    expect("host key algorithms that sshd offers", offered, within=HOST_KEY_ALGORITHMS)


@control("SSH-02")
def test_a_client_with_weak_key_exchanges_is_refused(attempts, expect):
    seen = attempts.with_algorithms("KexAlgorithms", WEAK_KEY_EXCHANGES, probe=44)
    subject = "connection with weak key exchanges"
    expect(subject, seen.outcome, equals="no common key exchange method")


@control("SSH-02")
def test_a_client_with_weak_ciphers_is_refused(attempts, expect):
    seen = attempts.with_algorithms("Ciphers", WEAK_CIPHERS, probe=45)
    expect("connection with weak ciphers", seen.outcome, equals="no common cipher")


@control("SSH-02")
def test_a_client_with_weak_macs_is_refused(attempts, expect):
    seen = attempts.with_algorithms("MACs", WEAK_MACS, probe=46)
    subject = "connection with weak MACs"
    expect(subject, seen.outcome, one_of=["no common MAC", "no common cipher"])


@control("SSH-02")
def test_a_client_with_weak_host_keys_is_refused(attempts, expect):
    seen = attempts.with_algorithms("HostKeyAlgorithms", WEAK_HOST_KEYS, probe=47)
    expect("connection with weak host keys", seen.outcome, equals="no common host key type")


@control("SSH-02")
def test_host_keys_are_long_enough(host, sshd, expect):
    algorithms = listed(sshd, "hostkeyalgorithms")
    used = 0
    for path in host_keys(host, sshd):
        bits, *_, family = host.check_output("ssh-keygen -lf %s", path).split()
        family = family.strip("()")
        if any(name.startswith(FAMILIES.get(family, "")) for name in algorithms):
            used += 1
            expect(f"kind and bits of {path}", f"{family} {bits}", matches=STRONG_HOST_KEY)
    expect("host keys in use", used, at_least=1)


@control("SSH-02")
def test_only_root_can_read_the_host_keys(host, sshd, expect):
    paths = host_keys(host, sshd)
    expect("host keys", len(paths), at_least=1)
    for path in paths:
        shown = host.check_output("stat -L -c '%%U %%a' -- %s", path)
        expect(f"owner and mode of {path}", shown, matches=ONLY_ROOT_READS)


# SSH-03: sessions


@control("SSH-03")
def test_a_login_must_be_done_soon(sshd, policy, expect):
    for seconds in sshd.numbers("logingracetime"):
        expect("LoginGraceTime in seconds", seconds, at_least=1)
        expect("LoginGraceTime in seconds", seconds, at_most=policy.ssh.login_grace_seconds)


@control("SSH-03")
def test_failed_attempts_end_the_connection(sshd, policy, expect):
    tries = max(sshd.numbers("maxauthtries"))
    expect("MaxAuthTries", tries, at_most=policy.ssh.attempts)


@control("SSH-03")
def test_sessions_per_connection_are_limited(sshd, policy, expect):
    for sessions in sshd.numbers("maxsessions"):
        expect("MaxSessions", sessions, at_least=2)
        expect("MaxSessions", sessions, at_most=policy.ssh.sessions)


@control("SSH-03")
def test_connections_that_have_not_logged_in_are_limited(sshd, expect):
    start, rate, full = sshd.effective("maxstartups").split(":")
    expect("connections from which MaxStartups refuses some", int(start), at_most=10)
    expect("percentage that MaxStartups then refuses", int(rate), at_least=30)
    expect("connections from which MaxStartups refuses all", int(full), at_most=60)


@control("SSH-03")
def test_a_dead_session_is_closed(sshd, policy, expect):
    limit = policy.ssh.idle_minutes * 60
    for settings in sshd.by_connection.values():
        interval = int(settings["clientaliveinterval"][0])
        count = int(settings["clientalivecountmax"][0])
        expect("ClientAliveInterval times ClientAliveCountMax", interval * count, at_least=1)
        expect("ClientAliveInterval times ClientAliveCountMax", interval * count, at_most=limit)


@control("SSH-03")
def test_an_idle_shell_is_closed(host, sshd, policy, expect):
    limit = policy.ssh.idle_minutes * 60
    by_sshd = session_limits.shell_timeouts(sshd)
    if None in by_sshd:
        by_shell = session_limits.timeout_of_login_shells(host)
        expect(
            "seconds after which a login shell ends itself", by_shell, one_of=range(1, limit + 1)
        )
    else:
        expect("seconds after which sshd closes an idle shell", max(by_sshd), at_most=limit)


@control("SSH-03")
def test_tcp_connections_are_not_passed_on(sshd, declared, expect):
    bastion = declared.in_group("bastion")
    allowed = ["no", "local"] if bastion else ["no"]
    for value in forwarding(sshd, "allowtcpforwarding"):
        expect("AllowTcpForwarding", value, one_of=allowed)
    for value in sshd.values("gatewayports"):
        expect("GatewayPorts", value, equals="no")


@control("SSH-03")
def test_sockets_are_not_passed_on(sshd, expect):
    for value in forwarding(sshd, "allowstreamlocalforwarding"):
        expect("AllowStreamLocalForwarding", value, equals="no")


@control("SSH-03")
def test_the_agent_of_the_user_is_not_passed_on(sshd, expect):
    for value in forwarding(sshd, "allowagentforwarding"):
        expect("AllowAgentForwarding", value, equals="no")


@control("SSH-03")
def test_x11_is_not_passed_on(sshd, expect):
    for value in forwarding(sshd, "x11forwarding"):
        expect("X11Forwarding", value, equals="no")


@control("SSH-03")
def test_networks_are_not_tunnelled(sshd, expect):
    expect("PermitTunnel", sshd.effective("permittunnel"), equals="no")


@control("SSH-03")
def test_the_log_level_is_verbose(sshd, expect):
    expect("LogLevel", sshd.effective("loglevel"), equals="VERBOSE")


@control("SSH-03")
def test_the_log_names_the_key_that_was_tried(host, attempts, deployer, expect):
    """The key was made for this attempt: an entry that names it is of it, however long a host under
    load took. So all since the boot is searched before the log is said to lack it."""
    _, fingerprint, logged = attempts.with_foreign_key(deployer, probe=48)
    expect("fingerprint of a key made just now", fingerprint, matches="^SHA256:")
    if not logged:
        since_boot = "journalctl -q -b -o cat -t sshd -t sshd-session -t sshd-auth"
        logged = host.run(f"{since_boot} | grep -F -- %s", fingerprint).stdout.strip()
    expect("what the log says of its use", logged, matches=rf"publickey for {deployer} .*SHA256:")


@control("SSH-03")
def test_the_warning_of_the_policy_is_shown_before_login(attempts, deployer, policy, expect):
    banner = attempts.without_key(deployer, 42).banner
    wanted = " ".join(policy.ssh.banner.split())
    expect("text shown before login", " ".join(banner.split()), equals=wanted)


@control("SSH-03")
def test_the_warning_does_not_name_the_system(host, attempts, deployer, expect):
    banner = attempts.without_key(deployer, 42).banner
    expect("text shown before login", banner, differs_from="")
    release = host.check_output("cat /etc/os-release")
    named = re.findall(
        r'^(?:ID|NAME|VERSION_ID|VERSION_CODENAME)="?([^"\n]+)', release, re.MULTILINE
    )
    named += [host.check_output("uname -r"), "Linux", "GNU", "OpenSSH", "Debian"]
    told = {name for name in named if re.search(rf"\b{re.escape(name)}\b", banner, re.IGNORECASE)}
    expect("system and versions that it names", told, nothing=True)


# SSH-04: who may log in, with which keys


@pytest.fixture
def register(site, declared):
    return key_register.register(site.access(declared))


@pytest.fixture
def granted(host, sshd):
    return key_register.granted_keys(host, sshd)


@control("SSH-04")
def test_only_registered_accounts_may_log_in(host, sshd, register, expect):
    admitted = {
        account.name
        for account in accounts(host)
        if any(lets_in(settings, account) for settings in sshd.of(account.name).values())
    }
    expect("accounts that sshd lets in", admitted, within=set(register))


@control("SSH-04")
def test_every_key_stands_in_the_register(granted, register, expect):
    expect("keys in force", len(granted), at_least=1)
    unknown = [str(key) for key in granted if not key.is_in(register)]
    expect(f"keys outside the register, of {len(granted)} in force", unknown, nothing=True)


@control("SSH-04")
def test_every_key_has_an_expiry(granted, expect):
    expect("keys in force", len(granted), at_least=1)
    endless = [str(key) for key in granted if key.line.expires is None]
    expect(f"keys without an expiry, of {len(granted)} in force", endless, nothing=True)


@control("SSH-04")
def test_no_key_has_expired(host, granted, expect):
    expect("keys in force", len(granted), at_least=1)
    now = key_register.now(host)
    expired = [str(key) for key in granted if key.line.expires and key.line.expires <= now]
    expect(f"expired keys, of {len(granted)}", expired, nothing=True)


@control("SSH-04")
def test_no_key_lasts_longer_than_registered(granted, register, expect):
    expect("keys in force", len(granted), at_least=1)
    longer = [str(key) for key in granted if key.outlasts(register)]
    expect(f"keys that last longer than registered, of {len(granted)}", longer, nothing=True)


@control("SSH-04")
def test_keys_work_from_their_registered_addresses_alone(granted, register, expect):
    if not any(key.sources for keys in register.values() for key in keys.values()):
        not_applicable("the site limits no key of this host to addresses")
    wider = [str(key) for key in granted if key.works_beyond(register)]
    expect(f"keys that work from elsewhere, of {len(granted)}", wider, nothing=True)


@control("SSH-04")
def test_keys_come_from_files_alone(sshd, expect):
    for keyword in (
        *("AuthorizedKeysCommand", "TrustedUserCAKeys"),
        *("AuthorizedPrincipalsCommand", "AuthorizedPrincipalsFile"),
    ):
        expect(keyword, sshd.effective(keyword.lower()), equals="none")


@control("SSH-04")
def test_only_root_and_the_owner_can_change_the_keys(host, sshd, granted, expect):
    expect("StrictModes", sshd.effective("strictmodes"), equals="yes")
    for account, path in sorted({(key.account, key.path) for key in granted}):
        for shown in key_register.owners_and_modes(host, path):
            safe = rf"^(root|{re.escape(account)}) [0-7]*[0145][0145] "
            expect(f"owner and mode on the way to the keys of {account}", shown, matches=safe)


# SSH-05: people come by the bastion, with a code after their key


@pytest.fixture
def machines(site, declared):
    """The accounts that no person sits before."""
    deploying, *others = site.access(declared)
    return {deploying.user, *(entry.user for entry in others if entry.command is not None)}


@pytest.fixture
def people(site, declared, machines):
    return [entry.user for entry in site.access(declared) if entry.user not in machines]


@pytest.fixture
def on_a_bastion(declared):
    if not declared.in_group("bastion"):
        not_applicable("the host is no bastion: codes are asked for there")


@pytest.fixture
def asked_by_pam(host, on_a_bastion):
    return PamStacks(host).stack("sshd", "auth")


@pytest.fixture
def factors(host, asked_by_pam):
    """The second factors of each folder that PAM's modules keep them in."""
    modules = second_factors.demanding(flat(asked_by_pam))
    return {
        folder: second_factors.second_factors(host, folder)
        for folder in second_factors.folders(modules)
    }


@control("SSH-05")
def test_only_machines_log_in_with_a_key_alone(sshd, machines, on_a_bastion, expect):
    wanted = {"authenticationmethods": KEY_AND_CODE, "kbdinteractiveauthentication": "yes"}
    others = {one: it for one, it in sshd.by_connection.items() if one.user not in machines}
    expect("connections of people asked about", len(others), at_least=1)
    for keyword, value in wanted.items():
        odd = {
            f"{' '.join(settings.get(keyword, ['not set']))} for {connection}"
            for connection, settings in others.items()
            if settings.get(keyword) != [value]
        }
        expect(f"{keyword} other than {value}", odd, nothing=True)


@control("SSH-05")
def test_machines_need_no_code(sshd, machines, on_a_bastion, expect):
    """Otherwise nobody would repair this host."""
    for account in sorted(machines):
        for connection, settings in sshd.of(account).items():
            methods = " ".join(settings.get("authenticationmethods", ["any"]))
            expect(f"AuthenticationMethods of {connection}", methods, one_of=["any", "publickey"])


@control("SSH-05")
def test_a_key_alone_opens_no_account_of_a_person(host, sshd, machines, on_a_bastion, expect):
    admitted = [
        account.name
        for account in accounts(host)
        if account.name not in machines
        and any(lets_in(settings, account) for settings in sshd.of(account.name).values())
    ]
    asked = key_alone.still_asked(host, admitted)
    if asked is None:
        not_applicable("a sshd to try it on is started by root alone: the next apply judges it")
    opened = {f"{user}: {methods}" for user, methods in asked.items() if "keyboard" not in methods}
    subject = f"accounts, of {len(admitted)} admitted, that ask for nothing more after a key"
    expect(subject, opened, nothing=True)


@control("SSH-05")
def test_pam_lets_nobody_in_without_a_code(asked_by_pam, expect):
    modules = second_factors.demanding(flat(asked_by_pam))
    names = [entry.module for entry in flat(asked_by_pam)]
    expect("modules that PAM asks", names, differs_from=[])
    expect("modules that ask for a second factor", len(modules), at_least=1)
    without = can_succeed_without(asked_by_pam, set(second_factors.MODULES))
    expect("PAM can succeed although the second factor is wrong", without, equals=False)


@control("SSH-05")
def test_who_is_not_enrolled_stays_outside(asked_by_pam, expect):
    modules = second_factors.demanding(flat(asked_by_pam))
    expect("modules that ask for a second factor", len(modules), at_least=1)
    arguments = second_factors.ways_round(modules)
    expect("arguments that let people in without one", arguments, nothing=True)


@control("SSH-05")
def test_only_root_can_read_second_factors(host, factors, expect):
    expect("places where second factors are kept", len(factors), at_least=1)
    for shown in second_factors.owners_and_modes(host, list(factors)):
        path = shown.split(" ", 2)[2]
        kept = path in factors or path.rpartition("/")[0] in factors
        safe = r"^root [0-7]?[0-7]00 " if kept else r"^root [0-7]*[0145][0145] "
        expect(f"owner and mode of {path}", shown, matches=safe)


@control("SSH-05")
def test_codes_work_once_and_cannot_be_guessed(factors, expect):
    expect("places where second factors are kept", len(factors), at_least=1)
    known = [factor for listed in factors.values() for factor in listed]
    for factor in known:
        whose = f"the second factor of {factor.account}"
        expect(f"codes of {whose} work once", factor.codes_work_once, equals=True)
        expect(f"codes of {whose} that are good at a time", factor.window, at_most=3)
        tried = factor.attempts_a_minute
        expect(f"codes a minute tried on {whose}", tried, at_most=SLOWEST_GUESSER)


@control("SSH-05")
def test_only_admitted_people_have_a_second_factor(factors, people, expect):
    expect("places where second factors are kept", len(factors), at_least=1)
    known = {factor.account for listed in factors.values() for factor in listed}
    expect("accounts with a second factor", known, within=set(people))


@control("SSH-05")
def test_people_come_from_the_bastion_alone(site, declared, granted, machines, expect):
    if declared.in_group("bastion"):
        not_applicable("the host is the bastion itself")
    bastions = [str(ip_network(one.address)) for one in site.hosts.values() if is_bastion(one)]
    expect("bastions of the site with an IP address", len(bastions), at_least=1)
    theirs = [key for key in granted if key.account not in machines]
    wider = [str(key) for key in theirs if not comes_from(key, bastions)]
    subject = f"keys of people that work past the bastion, of {len(theirs)}"
    expect(subject, wider, nothing=True)


def is_bastion(host):
    """Whether a host of the site is a bastion that others know by its IP address."""
    return host.in_group("bastion") and re.fullmatch(r"[0-9.]+|.*:.*", host.address)


def comes_from(key, networks):
    """Whether a key works from these networks alone."""
    patterns = key.line.sources
    return bool(patterns) and all(is_from_within(one, networks) for one in patterns)


def listed(sshd, keyword):
    """Return a setting that is a list of names; ``nothing`` where it is empty."""
    (names,) = sshd.settings.get(keyword) or ["none"]
    return names.split(",")


def host_keys(host, sshd):
    """Return the host keys that sshd is configured to use and that are there."""
    return [path for path in sshd.settings.get("hostkey", []) if host.file(path).exists]


def on_the_wire(attempts, user, kind):
    """Return what the running sshd offers of one kind of algorithm."""
    return attempts.without_key(user, 42).proposal.get(kind, [])


def forwarding(sshd, keyword):
    """Yield the values of one kind of forwarding; DisableForwarding turns every kind off."""
    for settings in sshd.by_connection.values():
        if settings.get("disableforwarding") != ["yes"]:
            yield " ".join(settings.get(keyword, ["not set"]))
        else:
            yield "no"
