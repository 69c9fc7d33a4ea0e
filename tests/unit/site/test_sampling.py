import filecmp
from pathlib import Path

import pytest

from ringfence.errors import UsageError
from ringfence.site import find_house, load_site
from ringfence.site.sampling import SAMPLE, SCHEMAS, sample_files, write_sample
from ringfence.site.schema import schemas

CHECKOUT = Path(__file__).parents[3]
EXAMPLE = CHECKOUT / "inventories" / "example"


def names(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    relative = {path.relative_to(folder).as_posix() for path in found}
    return {name for name in relative if not name.startswith((SCHEMAS, "__pycache__", "runs/"))}


def test_the_sample_is_a_small_contact_center() -> None:
    site = load_site(SAMPLE)
    assert {group: len(hosts) for group, hosts in site.groups.items()} == {
        "bastion": 1,
        "vpn_gateway": 1,
        "pbx": 1,
        "database": 1,
        "recordings": 1,
        "log_collector": 1,
        "backup_server": 1,
        "agents": 2,
    }
    assert len(site.policy.people) == 3
    assert site.warnings == []


def test_the_example_inventory_is_the_sample_byte_for_byte() -> None:
    files = [path.relative_to(SAMPLE).as_posix() for path in sample_files()]
    assert set(files) == names(EXAMPLE)
    same, different, unread = filecmp.cmpfiles(SAMPLE, EXAMPLE, files, shallow=False)
    assert (sorted(same), different, unread) == (sorted(files), [], [])


def test_the_comments_of_the_sample_name_every_key() -> None:
    described = schemas(find_house(CHECKOUT))
    del described["lab"]  # a sample of a real site has no lab
    for name, schema in described.items():
        text = (SAMPLE / f"{name}.yml").read_text()
        roles = set(find_house(CHECKOUT).roles)
        for part, definition in {name: schema, **schema["$defs"]}.items():
            if part.endswith("Settings"):
                continue
            for key in set(definition.get("properties", {})) - roles:
                assert key in text, f"{name}.yml says nothing of {part}.{key}"


@pytest.mark.parametrize("existing", [True, False])
def test_a_sample_is_written_into_a_new_or_empty_folder(tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "deep" / "site"
    if existing:
        folder.mkdir(parents=True)
    written = write_sample(folder)
    assert len(written) == len(sample_files())
    assert all(path.is_file() for path in written)
    assert load_site(folder).name == "example"


def test_each_file_names_a_schema_that_is_there(tmp_path: Path) -> None:
    write_sample(tmp_path / "site")
    for folder in (tmp_path / "site", EXAMPLE, CHECKOUT / "inventories" / "lab"):
        for name in ("hosts", "policy", "waivers"):
            first = (folder / f"{name}.yml").read_text().splitlines()[0]
            schema = first.removeprefix("# yaml-language-server: $schema=")
            assert (folder / schema).read_text() == (
                CHECKOUT / "schemas" / f"{name}.json"
            ).read_text()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="is not empty; name a new folder"):
        write_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "site"):
        with pytest.raises(UsageError, match="can't be written"):
            write_sample(folder)
