"""From a folder of YAML files to a Site, or to everything that is wrong with it."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.site.checks import Documents, cross_check
from ringfence.site.hosts import HostsFile
from ringfence.site.house import House, find_house
from ringfence.site.keys import read_public_key
from ringfence.site.loader import Document, read_document
from ringfence.site.policy import BasePolicy, compose
from ringfence.site.problems import Problem, SiteError
from ringfence.site.site import Site
from ringfence.site.validation import Model, validate
from ringfence.site.waivers import WaiversFile


def load_site(
    path: Path,
    *,
    house: House | None = None,
    known_controls: Collection[str] | None = None,
    today: date | None = None,
) -> Site:
    """Load and validate a site's folder.

    `house` is found around the folder unless given; with `known_controls`, waivers must be about one of them; `today` (UTC)
    decides what has expired. Raises SiteError with every problem of every file, UsageError when there is no such folder or house.
    """
    if not path.is_dir():
        raise UsageError(
            f"{path} is not a folder; a site is a folder with hosts.yml and policy.yml"
        )
    house = house or find_house(path)
    today = today or datetime.now(UTC).date()
    context = {"today": today}
    documents = {
        name: read_document(path / f"{name}.yml") for name in ("hosts", "policy", "waivers")
    }
    sound = {name: None if doc.problems else doc for name, doc in documents.items()}
    problems = [problem for document in documents.values() for problem in document.problems]
    hosts, found = _model(HostsFile, sound["hosts"], context)
    problems += found
    policy, found = _model(compose(house), sound["policy"], context)
    problems += found
    waivers, found = _model(WaiversFile, sound["waivers"], context)
    problems += found
    problems += cross_check(
        Documents(sound["hosts"], sound["policy"], sound["waivers"], known_controls)
    )
    if policy is not None and sound["policy"] is not None:
        problems += _wrong_key_files(path, policy, sound["policy"])
    if problems or hosts is None or policy is None or waivers is None:
        raise SiteError(_sorted(problems, [doc.file for doc in documents.values()]))
    warnings = _missing_key_files(path, policy, documents["policy"])
    warnings += _expired_waivers(waivers, documents["waivers"], today)
    return Site(path.resolve(), house, hosts, policy, waivers, warnings)


def _model(
    model: type[Model], document: Document | None, context: dict[str, date]
) -> tuple[Model | None, list[Problem]]:
    return (None, []) if document is None else validate(model, document, context)


def _wrong_key_files(site: Path, policy: BasePolicy, document: Document) -> list[Problem]:
    problems = []
    for index, entry in enumerate(policy.deploy_access):
        path = site / Path(entry.key_file or "").expanduser()
        if entry.key_file is None or not path.exists():
            continue
        try:
            read_public_key(path)
        except OSError as error:
            message = f"{entry.key_file} can't be read: {error.strerror}"
        except ValueError as error:
            message = f"{entry.key_file} {error}"
        else:
            continue
        problems.append(document.problem(("deploy_access", index, "key_file"), message))
    return problems


def _missing_key_files(site: Path, policy: BasePolicy, document: Document) -> list[Problem]:
    return [
        document.problem(("deploy_access", index, "key_file"), f"{entry.key_file} isn't there yet")
        for index, entry in enumerate(policy.deploy_access)
        if entry.key_file is not None and not (site / Path(entry.key_file).expanduser()).exists()
    ]


def _expired_waivers(waivers: WaiversFile, document: Document, today: date) -> list[Problem]:
    return [
        document.problem(
            ("waivers", index, "expires"),
            f"the waiver of {waiver.control} expired on {waiver.expires}; it no longer counts",
        )
        for index, waiver in enumerate(waivers.waivers)
        if waiver.expired(today)
    ]


def _sorted(problems: list[Problem], files: list[str]) -> list[Problem]:
    def key(problem: Problem) -> tuple[int, int, int]:
        return files.index(problem.file), problem.line, problem.column

    return sorted(dict.fromkeys(problems), key=key)
