"""The sample site that `ringfence init` writes; it lies beside this module, in `sample/`."""

import shutil
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.site.house import find_house
from ringfence.site.schema import write_schemas

SAMPLE = Path(__file__).parent / "sample"
SCHEMAS = ".schemas"
"""Where the schemas lie inside a site; the first line of each file names them there."""


def write_sample(folder: Path) -> list[Path]:
    """Write the sample and its schemas into a new or empty folder; return the sample's files.

    Raises UsageError when the folder holds something, or can't be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty; name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        for source in sample_files():
            target = folder / source.relative_to(SAMPLE)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
        write_schemas(folder / SCHEMAS, find_house(folder))
    except OSError as error:
        raise UsageError(f"{error.filename or folder} can't be written: {error.strerror}") from None
    return [folder / source.relative_to(SAMPLE) for source in sample_files()]


def sample_files() -> list[Path]:
    """Return the files of the sample, sorted."""
    return sorted(p for p in SAMPLE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
