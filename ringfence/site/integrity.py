"""What a site remembers of its hosts' files, off the hosts: `integrity/HOST.yml`, one a host.

An apply writes these files, and people accept changes in them; keep them in the site's history.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from ringfence.replacing import replace
from ringfence.site.loader import read_document
from ringfence.site.problems import SiteError
from ringfence.site.section import HostName, Line, Section
from ringfence.site.validation import validate

FOLDER = "integrity"
HEAD = """\
# The baseline of the files of {host}. Written by `ringfence apply`; keep it in the site's history.
# To accept the host's files as they are: add `accept: CHANGE`, the id of the change, and apply.
"""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal digits."""
Moment = Annotated[str, StringConstraints(pattern=r"^[0-9]{9,11}\.[0-9]{1,9}$")]
"""Seconds since the epoch, by the host's clock."""


class KeptBaseline(Section):
    """The baseline of one host's files, as it was when it was made."""

    host: HostName
    """The host."""
    database: Digest
    """The digest of AIDE's database."""
    rules: Digest
    """The digest of AIDE's configuration: what is compared, and what is passed over."""
    taken: Moment
    """When it was begun."""
    change: Line
    """Why it was made: `first baseline`, `apply`, or the id of a change."""
    accept: Line | None = None
    """The id of the change by which the next apply accepts the host's files as they are."""


def baseline_file(site: Path, host: str) -> Path:
    """Return the file that remembers a host's baseline."""
    return site / FOLDER / f"{host}.yml"


def kept_baseline(site: Path, host: str) -> KeptBaseline | None:
    """Return what the site remembers of a host's baseline; None if it remembers none.

    Raises SiteError for a file that is wrong, or that is another host's.
    """
    path = baseline_file(site, host)
    if not path.exists():
        return None
    document = read_document(path)
    found, problems = validate(KeptBaseline, document)
    if found and found.host != host:
        message = f"this is the baseline of {found.host}, and the file is {host}'s"
        problems = [document.problem(("host",), message)]
    if problems or found is None:
        raise SiteError(problems)
    return found


def keep_baseline(site: Path, kept: KeptBaseline) -> None:
    """Remember a host's baseline. Raises OSError when the file can't be written."""
    path = baseline_file(site, kept.host)
    path.parent.mkdir(exist_ok=True)
    values = kept.model_dump(exclude_none=True)
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in values.items()]
    text = HEAD.format(host=kept.host) + "".join(lines)
    replace(path, text.encode(), mode=0o644)
