"""``roles/proofs.json``: when each control was last seen failing on a sabotaged host."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ringfence.errors import ToolError
from ringfence.site.house import House

FILE_NAME = "proofs.json"


@dataclass(frozen=True)
class Proof:
    """One control was seen red, test by test, and green again after its role was applied.

    ``tests`` maps a test to the sabotages that it caught; ``releases`` are the Debian releases
    of all hosts on which one of these was, not those of each test; ``subject`` is the digest of
    what was proven, as `ringfence.proof.subject` makes it.
    """

    control: str
    date: str
    releases: list[str]
    tests: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    subject: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the proof as plain data."""
        return asdict(self)


def load_proofs(house: House) -> dict[str, Proof]:
    """Return the house's proofs by control; none when nothing was proven yet.

    Raises:
        ToolError: the file cannot be read as proofs.
    """
    path = house.root / "roles" / FILE_NAME
    try:
        entries = json.loads(path.read_text())["proofs"]
        return {entry["control"]: Proof(**entry) for entry in entries}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path}: cannot be read as proofs ({error})") from None


def save_proofs(house: House, proofs: dict[str, Proof]) -> None:
    """Write ``roles/proofs.json``, sorted, so that a difference shows only what was proven anew."""
    document = {"proofs": [proofs[control].as_dict() for control in sorted(proofs)]}
    path = house.root / "roles" / FILE_NAME
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
