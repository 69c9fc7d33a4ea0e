"""Files of a site that are replaced at once, or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file at once; it keeps its mode, and a new one gets `mode`."""
    with contextlib.suppress(FileNotFoundError):
        mode = path.stat().st_mode & 0o777
    number, stage = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(stage).chmod(mode)
        Path(stage).replace(path)
    except BaseException:
        Path(stage).unlink(missing_ok=True)
        raise
