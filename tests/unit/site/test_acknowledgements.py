import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import House, SiteError, load_site
from ringfence.site.acknowledgements import (
    Acknowledgement,
    as_yaml,
    file_of,
    load_acknowledgements,
)

ENTRY = {
    "exception": "3f2a9c01b7de",
    "day": "2026-11-28",
    "what": "account-made on pbx1: eve (internal)",
    "who": "carmen",
    "at": "2026-11-29T08:12:00Z",
    "verdict": "expected",
    "note": "hired: change 4711",
}


def entry(**changes: str) -> Acknowledgement:
    return Acknowledgement.model_validate_json(json.dumps(ENTRY | changes))


def written(site: Path, text: str) -> Path:
    path = site / file_of(entry().day)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert written(tmp_path, as_yaml([entry()])).name == "2026-11.yml"
    assert load_acknowledgements(tmp_path) == {"3f2a9c01b7de": entry()}


def test_a_site_without_any_has_none(tmp_path: Path) -> None:
    assert load_acknowledgements(tmp_path) == {}


def test_the_first_that_acknowledged_counts(tmp_path: Path) -> None:
    written(tmp_path, as_yaml([entry(), entry(who="ana")]))
    found = load_acknowledgements(tmp_path)
    assert found["3f2a9c01b7de"].who == "carmen"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("verdict: expected", "verdict: fine", "'fine' is not one of"),
        ("exception: 3f2a9c01b7de", "exception: abc", "must be of the form"),
        ("at: '2026-11-29T08:12:00Z'", "at: yesterday", "must be of the form"),
        ("note: 'hired: change 4711'", "note: ''", "must not be empty"),
        ("  who: carmen\n", "", "'who' is missing: add it"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = as_yaml([entry()])
    assert old in text
    path = written(tmp_path, text.replace(old, new))
    with pytest.raises(SiteError) as error:
        load_acknowledgements(tmp_path)
    (problem,) = error.value.problems
    assert str(problem).startswith(f"{path}:")
    assert said in str(problem)


def test_nothing_but_what_asks_for_acknowledgements_is_stopped_by_wrong_ones(
    write: Callable[[], Path], house: House
) -> None:
    site = write()
    written(site, as_yaml([entry()]))
    loaded = load_site(site, house=house)
    assert loaded.acknowledgements["3f2a9c01b7de"].verdict == "expected"
    written(site, as_yaml([entry()]).replace("expected", "fine"))
    again = load_site(site, house=house)
    with pytest.raises(SiteError, match=r"2026-11\.yml:.*'fine' is not one of"):
        _ = again.acknowledgements
