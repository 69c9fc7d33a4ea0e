"""From a folder of YAML files to a Site, or to everything that is wrong with it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.site.checks import cross_check
from ringfence.site.document import Document
from ringfence.site.hosts import HostsFile
from ringfence.site.house import House, find_house
from ringfence.site.keys import read_public_key
from ringfence.site.lints import judge
from ringfence.site.lints.lint import Subject
from ringfence.site.loader import read_document
from ringfence.site.plain import Documents, listing, mapping
from ringfence.site.policy import BasePolicy, SshKey, compose
from ringfence.site.problems import Path as KeyPath
from ringfence.site.problems import Problem, SiteError
from ringfence.site.section import resolve_file
from ringfence.site.site import Site
from ringfence.site.validation import validate
from ringfence.site.waivers import WaiversFile


def load_site(
    path: Path,
    *,
    house: House | None = None,
    known_controls: Collection[str] | None = None,
    today: date | None = None,
) -> Site:
    """Load and validate the folder of a site.

    The house is found around the folder unless given; with `known_controls` a waiver must be about
    one of them; `today` (UTC's date unless given) decides what has expired. What fights in a site
    is judged (`ringfence.site.lints`) once its files are sound, each and together.

    Raises SiteError with every problem of every file; UsageError when there is no such folder, or
    no house.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is not a folder; a site is one, with hosts.yml and policy.yml")
    house = house or find_house(path)
    today = today or datetime.now(UTC).date()
    files = [read_document(path / f"{name}.yml") for name in ("hosts", "policy", "waivers")]
    context = {"today": today}
    hosts, hosts_problems = validate(HostsFile, files[0], context)
    policy, policy_problems = validate(compose(house), files[1], context)
    waivers, waivers_problems = validate(WaiversFile, files[2], context)
    sound = [None if file.problems else file for file in files]
    readable = Documents(sound[0], sound[1], sound[2], known_controls)
    wrong, missing = _judge_key_files(path, readable.policy)
    problems = [*hosts_problems, *policy_problems, *waivers_problems]
    problems += [*cross_check(readable), *wrong]
    if problems or hosts is None or policy is None or waivers is None:
        raise SiteError(_in_order(problems, files))
    expired = _expired_keys(policy, files[1], today)
    site = Site(path.resolve(), house, hosts, policy, waivers, called=path)
    refused, warned = judge(Subject(site, files[0], files[1], today))
    if refused:
        raise SiteError(_in_order(refused, files))
    warnings = [*missing, *expired, *_expired_waivers(waivers, files[2], today)]
    return replace(site, warnings=[*warnings, *_in_order(warned, files)])


def _judge_key_files(site: Path, policy: Document | None) -> tuple[list[Problem], list[Problem]]:
    """Return what is wrong with the files named by `key_file`, and those that aren't there."""
    wrong: list[Problem] = []
    missing: list[Problem] = []
    entries = [
        ((section, index, "key_file"), mapping(entry).get("key_file"))
        for section in ("deploy_access", "verify_access")
        for index, entry in enumerate(listing(policy.data.get(section)) if policy else [])
    ]
    for where, name in entries:
        if policy is None or not isinstance(name, str):
            continue
        try:
            read_public_key(resolve_file(site, name))
        except FileNotFoundError:
            missing.append(policy.problem(where, f"the file {name} isn't there yet"))
        except OSError as error:
            wrong.append(policy.problem(where, f"the file can't be read: {error.strerror}"))
        except ValueError as error:
            wrong.append(policy.problem(where, f"the file {error}"))
    return wrong, missing


def _expired_keys(policy: BasePolicy, document: Document, today: date) -> list[Problem]:
    """Return the keys that are past: hosts refuse them, and are red until they are replaced.

    They do not make the site unusable: the night after an expiry, every host must still be judged.
    """
    keys: list[tuple[KeyPath, SshKey]] = [
        (("people", name, "ssh_keys", index), key)
        for name, person in policy.people.items()
        for index, key in enumerate(person.ssh_keys)
    ]
    keys += [(("deploy_access", index), key) for index, key in enumerate(policy.deploy_access)]
    keys += [(("verify_access", index), key) for index, key in enumerate(policy.verify_access)]
    return [
        document.problem(
            (*where, "expires"),
            f"the key ended on {key.expires} and no longer works: replace it or remove it",
        )
        for where, key in keys
        if key.expires < today
    ]


def _expired_waivers(waivers: WaiversFile, document: Document, today: date) -> list[Problem]:
    return [
        document.problem(
            ("waivers", index, "expires"),
            f"the waiver of {waiver.control} ended on {waiver.expires} and no longer counts",
        )
        for index, waiver in enumerate(waivers.waivers)
        if waiver.expired(today)
    ]


def _in_order(problems: list[Problem], files: list[Document]) -> list[Problem]:
    names = [file.file for file in files]
    once = dict.fromkeys(problems)
    return sorted(
        once, key=lambda problem: (names.index(problem.file), problem.line, problem.column)
    )
