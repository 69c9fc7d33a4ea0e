from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pyinfra.api.exceptions import DeployError
from pyinfra.context import ctx_host

from ringfence.site import Site, deploying


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    deploying._site.cache_clear()
    yield
    deploying._site.cache_clear()


def current(**data: str) -> SimpleNamespace:
    return SimpleNamespace(name="pbx1", data=data)


def test_the_intent_is_that_of_the_current_host(site: Site) -> None:
    with ctx_host.use(current(ringfence_site=str(site.path), ringfence_host="pbx1")):
        intent = deploying.intent()
    assert intent.host.name == "pbx1"
    assert intent.site.digest == site.digest
    assert intent.settings("toy").level == 3


def test_the_site_is_loaded_once_a_process(site: Site) -> None:
    with ctx_host.use(current(ringfence_site=str(site.path), ringfence_host="pbx1")):
        assert deploying.intent().site is deploying.intent().site


def test_a_host_of_another_inventory_is_refused() -> None:
    with ctx_host.use(current()), pytest.raises(DeployError, match="comes from no site"):
        deploying.intent()
