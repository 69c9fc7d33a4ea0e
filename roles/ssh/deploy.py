"""Keys only, strong algorithms, limits, who may log in, a code for people (SSH-01 to SSH-05)."""

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from ringfence.facts.release import Release
from ringfence.operations import accounts, files, packages, second_factors, ssh, systemd
from ringfence.operations.accounts import Group
from ringfence.operations.files import Directory, File
from ringfence.operations.ssh import HostKey
from ringfence.operations.systemd import Service
from ringfence.rendering import render
from ringfence.secrets.second_factors import load as load_second_factors
from ringfence.site import Access
from ringfence.site.deploying import Intent, intent
from roles.ssh import register

HOST_KEYS = [
    HostKey(path="/etc/ssh/ssh_host_ed25519_key", type="ed25519", bits=256),
    HostKey(path="/etc/ssh/ssh_host_rsa_key", type="rsa", bits=3072),
]
CONFIGURATION = "/etc/ssh/sshd_config"
OPTIONS = "/etc/default/ssh"
PAM = "/etc/pam.d/sshd"
OVERRIDES = [
    *systemd.replacements("ssh.service"),
    *systemd.drop_in_directories("ssh.service"),
    *systemd.drop_in_directories("sshd.service"),
]


@deploy("ssh")
def apply() -> None:
    """Apply SSH-01 to SSH-05: keys and groups first, so that the new configuration admits us."""
    wanted = intent()
    settings = wanted.settings("ssh")
    templates = wanted.site.house.templates_dir("ssh")
    access = wanted.site.access(wanted.host)
    members = register.groups(wanted.host, access)
    bastion = wanted.host.in_group("bastion")
    factors = second_factor_files(wanted, access) if bastion else None
    configuration = render(
        templates,
        "sshd_config",
        host_keys=[key.path for key in HOST_KEYS],
        mlkem=_has_mlkem(),
        bastion=bastion,
        key_alone=register.key_alone(access),
        groups=list(members),
        **settings.model_dump(exclude={"banner"}),
    )

    packages.installed(
        name="SSH-01 sshd is installed, and on a bastion what judges codes (SSH-05)",
        names=["openssh-server", *(["libpam-google-authenticator"] if bastion else [])],
    )
    ssh.host_keys(name="SSH-02 Host keys are strong and readable by root alone", keys=HOST_KEYS)
    accounts.groups(
        name="SSH-04 The groups that may log in have the members that the site declares",
        groups=[Group(name=name, members=users) for name, users in members.items()],
    )
    ssh.authorized_keys(
        name="SSH-04 Keys come from the register, with their sources and expiry",
        lines={entry.user: register.key_lines(entry) for entry in access},
        deployer=wanted.host.ssh.user,
    )
    files.tree(
        name="SSH-04 The register of keys",
        directories=[Directory(path="/etc/ringfence")],
        files=[
            File(
                path="/etc/ringfence/ssh-keys.yml",
                content=register.document(access),
                mode="0600",
            )
        ],
    )
    second_factors.declared(
        name="SSH-05 A bastion knows the second factors of its people, and what logins used up",
        factors=factors,
    )
    if bastion:
        files.tree(
            name="SSH-05 What sshd asks of PAM: a code, and nothing instead of it",
            files=[
                File(path=PAM, content=render(templates, "pam", directory=second_factors.DIRECTORY))
            ],
        )
    files.tree(
        name="SSH-01 sshd's configuration, whole, and no options or drop-ins beside it",
        directories=[
            Directory(path="/run/sshd"),
            Directory(path="/etc/ssh/sshd_config.d", exclusive=True),
        ],
        files=[
            File(path="/etc/issue.net", content=f"{settings.banner.strip()}\n"),
            File(path=OPTIONS, content=render(templates, "default")),
            File(
                path=CONFIGURATION,
                content=configuration,
                mode="0600",
                shown=True,
                validators=[
                    ("sshd", "-t", "-f", files.STAGE),
                    ssh.admission("configuration", wanted.host.ssh.user),
                ],
            ),
        ],
        absent=[*OVERRIDES, "/etc/ssh/sshd_not_to_be_run"],
    )
    systemd.services(
        name="SSH-01 sshd runs with this configuration, and on no other socket",
        services=[
            Service(unit="ssh.socket", running=False, enabled=False),
            # systemd 256 and later offer sshd on local sockets, with ~/.ssh/authorized_keys.
            Service(unit="sshd-unix-local.socket", masked=True),
            Service(unit="sshd-vsock.socket", masked=True),
            Service(
                unit="ssh.service",
                title="sshd: /usr/sbin/sshd -D [listener]",
                restart_for=[OPTIONS],
                reload_for=[CONFIGURATION, "/etc/issue.net", *(key.path for key in HOST_KEYS)],
                ready=("sh", "-c", f"ssh-keyscan -T 10 -p {settings.port} 127.0.0.1 | grep -q ."),
            ),
        ],
    )
    ssh.no_other_server(name="SSH-01 No other sshd listens")
    ssh.personal_keys(
        name="SSH-04 No home holds a key that the register doesn't know",
        allowed={entry.user: [key.public_key for key in entry.keys] for entry in access},
    )


def second_factor_files(wanted: Intent, access: list[Access]) -> dict[str, str]:
    """Return the files of those of a bastion's people who are enrolled, by account."""
    templates = wanted.site.house.templates_dir("ssh")
    known = load_second_factors(wanted.site, register.people(access))
    return {
        name: render(templates, "second_factor", key=each.key, recovery_codes=each.recovery_codes)
        for name, each in known.items()
    }


def _has_mlkem() -> bool:
    """Whether sshd knows ML-KEM: OpenSSH 9.9 and later, so Debian 13 and later."""
    return host.get_fact(Release) >= 13
