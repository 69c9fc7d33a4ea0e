from pathlib import Path

import pytest

from ringfence.rendering import render
from ringfence.site import find_house
from roles.logging import deploy

HOUSE = find_house(Path(deploy.__file__))


@pytest.fixture
def script(tmp_path):
    """Render a script of the role; return its path."""

    def rendered(name):
        path = tmp_path / name
        path.write_text(render(HOUSE.templates_dir("logging"), name, **deploy.SIZES))
        return path

    return rendered
