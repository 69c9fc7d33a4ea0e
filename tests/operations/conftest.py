"""In fixtures a shell library is one word, `library-tree`; tests/unit runs the real ones."""

from pathlib import Path

import pytest

from ringfence.facts import shell as facts_shell
from ringfence.operations import shell as operations_shell


@pytest.fixture(autouse=True, scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory):
    places = {}
    for module in (operations_shell, facts_shell):
        stubs = tmp_path_factory.mktemp("libraries")
        for script in module.SCRIPTS.glob("*.sh"):
            (stubs / script.name).write_text(f"library-{script.stem}\n")
        places[module] = module.SCRIPTS
        module.SCRIPTS = Path(stubs)
        module.library.cache_clear()
    yield
    for module, place in places.items():
        module.SCRIPTS = place
        module.library.cache_clear()
