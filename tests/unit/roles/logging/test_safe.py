from types import SimpleNamespace

import pyrage
import pytest

from ringfence.errors import UsageError
from roles.logging.safe import SiteSafe

KEY = "0a1b2c-0a1b2c-0a1b2c-0a1b2c/1a2b3c-d4e5"


@pytest.fixture
def identity():
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def safe(tmp_path, identity):
    (tmp_path / "secrets.recipients").write_text(f"# owner: ana\n{identity.to_public()}\n")
    return SiteSafe(site=SimpleNamespace(path=tmp_path), host=SimpleNamespace(name="pbx1"))


def test_what_is_kept_only_its_owners_can_open(safe, identity):
    assert not safe.has()
    safe.demand()
    safe.keep(KEY)
    assert safe.has()
    data = (safe.site.path / "sealing" / "pbx1.age").read_bytes()
    assert KEY.encode() not in data
    assert pyrage.decrypt(data, [identity]) == f"{KEY}\n".encode()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(data, [pyrage.x25519.Identity.generate()])


def test_a_new_key_takes_the_place_of_the_old_one(safe, identity):
    safe.keep(KEY)
    safe.keep(KEY.replace("0a", "1b"))
    data = (safe.site.path / "sealing" / "pbx1.age").read_bytes()
    assert pyrage.decrypt(data, [identity]).startswith(b"1b1b2c")


def test_a_host_that_made_no_key_is_told(safe):
    with pytest.raises(UsageError, match="pbx1 made no key"):
        safe.keep("")
    assert not safe.has()


@pytest.mark.parametrize("text", [None, "# nobody\n"])
def test_a_site_without_owners_of_secrets_is_told(safe, text):
    path = safe.site.path / "secrets.recipients"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"secrets\.recipients"):
        safe.demand()
