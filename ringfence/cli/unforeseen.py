"""The last resort: what no module foresaw is kept for who maintains Ringfence, out of the way."""

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from ringfence import __version__


def told(error: Exception) -> str:
    """Keep an error's traceback, and return the sentence that tells of it.

    The sentence has no word of the error itself, which may quote what others must not read.
    """
    what = f"an error that nobody foresaw ({type(error).__name__}): its traceback"
    try:
        path = _kept(state_folder() / "errors", error)
    except (OSError, RuntimeError) as refused:  # an account without a home is a RuntimeError
        where, why = getattr(refused, "filename", None), getattr(refused, "strerror", None)
        reason = ": ".join(filter(None, (where, why))) or refused
        return (
            f"{what} can't be kept ({reason}); set XDG_STATE_HOME to a folder that can be written "
            "to, and try again"
        )
    return (
        f"{what} is in {path}; report it to who maintains Ringfence, once you have taken out what "
        "others must not read"
    )


def state_folder() -> Path:
    """Return Ringfence's folder in the user's XDG state, whose path counts if it is absolute."""
    base = os.environ.get("XDG_STATE_HOME", "")
    root = Path(base) if base.startswith("/") else Path("~/.local/state").expanduser()
    return root / "ringfence"


def _kept(folder: Path, error: Exception) -> Path:
    """Write a file that its owner alone can read: neither the call's arguments nor variables."""
    now = datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, path = tempfile.mkstemp(".txt", f"{now:%Y-%m-%dT%H-%M-%SZ}-", folder)
    with os.fdopen(number, "w", errors="backslashreplace") as file:
        file.write(f"ringfence {__version__}, Python {sys.version.split()[0]}, {now:%F %T} UTC\n\n")
        file.writelines(traceback.format_exception(error))
    return Path(path)
