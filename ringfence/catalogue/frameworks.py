"""The clause ids of each standard that controls refer to; ids alone, never the standards' texts."""

import json
from functools import cache
from importlib.resources import files


@cache
def framework_ids() -> dict[str, frozenset[str]]:
    """Return the known clause ids of every framework, by the framework's id."""
    folder = files("ringfence.catalogue").joinpath("frameworks")
    documents = (json.loads(entry.read_text()) for entry in folder.iterdir())
    return {document["framework"]: frozenset(document["ids"]) for document in documents}
