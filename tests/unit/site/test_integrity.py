from pathlib import Path

import pytest

from ringfence.site import SiteError
from ringfence.site.integrity import KeptBaseline, baseline_file, keep_baseline, kept_baseline

KEPT = KeptBaseline(
    host="pbx1", database="a" * 64, rules="b" * 64, taken="1700000000.123456789", change="apply"
)


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    assert kept_baseline(tmp_path, "pbx1") is None
    keep_baseline(tmp_path, KEPT)
    assert kept_baseline(tmp_path, "pbx1") == KEPT
    keep_baseline(tmp_path, KEPT.model_copy(update={"change": 'CHG-42: "new" keys'}))
    found = kept_baseline(tmp_path, "pbx1")
    assert found
    assert found.change == 'CHG-42: "new" keys'


def test_people_accept_in_the_same_file(tmp_path: Path) -> None:
    keep_baseline(tmp_path, KEPT)
    file = baseline_file(tmp_path, "pbx1")
    file.write_text(file.read_text() + "accept: CHG-42\n")
    found = kept_baseline(tmp_path, "pbx1")
    assert found
    assert found.accept == "CHG-42"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('host: "pbx1"', 'host: "pbx2"', "this is the baseline of pbx2, and the file is pbx1's"),
        ("a" * 64, "short", "database"),
        ("change:", "changed:", "there is no key 'changed' here"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    keep_baseline(tmp_path, KEPT)
    file = baseline_file(tmp_path, "pbx1")
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SiteError, match=said) as error:
        kept_baseline(tmp_path, "pbx1")
    assert str(error.value).startswith(f"{file}:")
