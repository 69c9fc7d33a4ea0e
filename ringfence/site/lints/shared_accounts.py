"""What several people share: locked for one it is locked for all, and nobody can be told apart."""

from collections.abc import Iterator

from ringfence.errors import UsageError
from ringfence.site.access import deploy_key
from ringfence.site.keys import parse_public_key
from ringfence.site.lints.lint import Lint, Subject, refuses, warns
from ringfence.site.problems import Path, Problem, shown

GENERIC = {
    *("admin", "administrator", "administrador", "agent", "agente", "formacion", "guest"),
    *("help", "helpdesk", "invitado", "operador", "operator", "operators", "office", "pi"),
    *("shared", "shift", "soporte", "staff", "supervisor", "support", "team", "test", "training"),
    *("turno", "user", "usuario", "ventas"),
}
"""Names of a post or a room, not of a person (IAM-02); `agent1` and `agent-2` count too."""

DEPLOYING, VERIFYING = "the account that Ringfence deploys with", "the account that verifies"


def shared_account(subject: Subject) -> Iterator[Problem]:
    """A person's name is that of a post or a team, and wrong passwords lock accounts.

    Whoever mistypes locks all the others out, and what each did can't be told apart (RD 1720/2007
    art. 93.2; PCI DSS 8.2.2).
    """
    settings = subject.settings("passwords")
    if not subject.hosts_with("passwords"):
        return
    for name in subject.site.policy.people:
        if name.rstrip("0123456789").rstrip("-_.") in GENERIC:
            message = (
                f"{shown(name)} is nobody's own name: {settings.tries} wrong passwords of one lock "
                f"out all who share it for {settings.locked_seconds} seconds; give each person an "
                "account (RD 1720/2007 art. 93.2)"
            )
            yield subject.in_policy(("people", name), message, key=True)


def shared_person(subject: Subject) -> Iterator[Problem]:
    """Two accounts have the same person's name.

    Either one is too many, or the register can't tell two people apart (IAM-01).
    """
    seen: dict[str, str] = {}
    for name, person in subject.site.policy.people.items():
        full_name = " ".join(person.full_name.casefold().split())
        if full_name in seen:
            message = f"{shown(person.full_name)} is {shown(seen[full_name])} already"
            where = ("people", name, "full_name")
            yield subject.in_policy(where, f"{message}: one account each, and names that differ")
        seen.setdefault(full_name, name)


def shared_key_file(subject: Subject) -> Iterator[Problem]:
    """A `key_file` holds a key that stands elsewhere in the policy.

    A key is one person's, or one account's; keys that stand in policy.yml itself are compared too.
    """
    seen = {
        parse_public_key(key.key).line: name
        for name, person in subject.site.policy.people.items()
        for key in person.ssh_keys
    }
    files: list[tuple[Path, str, str]] = []
    for section, account in (("deploy_access", DEPLOYING), ("verify_access", VERIFYING)):
        for index, key in enumerate(getattr(subject.site.policy, section)):
            try:
                line = deploy_key(subject.site.path, key).line
            except UsageError:
                continue  # that the file isn't there is told by itself
            if key.key_file is None:
                seen.setdefault(line, account)
            else:
                files.append(((section, index, "key_file"), account, line))
    for where, account, line in files:
        if line in seen:
            message = f"this is a key of {seen[line]} already; each needs a key of their own"
            yield subject.in_policy(where, message)
        seen.setdefault(line, account)


LINTS: list[Lint] = [warns(shared_account), warns(shared_person), refuses(shared_key_file)]
