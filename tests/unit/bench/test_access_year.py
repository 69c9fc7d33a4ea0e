"""The made-up archive is one that the product reads whole."""

from datetime import date, timedelta

from bench import access_year

from ringfence.access_record import Answer, Question
from ringfence.archive.sources import Folder

FIRST = date(2026, 3, 1)


def test_the_made_up_year_is_read_whole(tmp_path):
    written = access_year.generate(tmp_path, "recordings1", FIRST, 3, 3000)
    answer = Answer(Folder(tmp_path), Question())
    accesses = list(answer)
    assert 3000 <= written <= 3000 + 3 * 5
    assert len(accesses) == written // 5
    assert answer.doubts == []
    assert {one.at.date() for one in accesses} == {FIRST + timedelta(n) for n in range(3)}
    assert {one.kind for one in accesses} == {"read", "write", "delete", "attributes"}
    assert {one.result for one in accesses} == {"allowed", "denied"}
