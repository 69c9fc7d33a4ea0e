import os

import pytest

from ringfence.verify.questions import Questions

A = {"pbx1": {"X-01": ["a"]}}


@pytest.fixture
def questions(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "test_x.py").write_text("1")
    return lambda: Questions(tmp_path / "site", suite)


def test_what_was_asked_is_known_next_time(questions):
    questions().learn({"pbx1": {"X-01": ["a", "b"], "X-02": ["b", "c"]}}, whole_suite=True)
    assert questions().for_host("pbx1") == ["a", "b", "c"]


def test_who_judges_one_control_asks_what_its_tests_ask(questions):
    questions().learn({"pbx1": {"X-01": ["a", "b"], "X-02": ["b", "c"]}}, whole_suite=True)
    assert questions().for_host("pbx1", ["X-02"]) == ["b", "c"]
    assert questions().for_host("pbx1", ["X-03"]) == []


def test_the_whole_suite_replaces_all_and_a_part_of_it_that_part(questions):
    questions().learn({"pbx1": {"X-01": ["a"], "X-02": ["b"]}}, whole_suite=True)
    questions().learn({"pbx1": {"X-02": ["c"], "X-03": ["d"]}}, whole_suite=False)
    assert questions().for_host("pbx1") == ["a", "c", "d"]
    questions().learn({"pbx1": {"X-02": ["e"]}}, whole_suite=True)
    assert questions().for_host("pbx1") == ["e"]


def test_a_new_host_is_asked_what_all_others_are(questions):
    asked = {"pbx1": {"X-01": ["a", "b"]}, "agent1": {"X-01": ["b", "c"], "X-02": ["d"]}}
    questions().learn(asked, whole_suite=True)
    assert sorted(questions().for_host("new")) == ["b", "d"]


def test_a_changed_suite_starts_afresh(questions, tmp_path):
    questions().learn(A, whole_suite=True)
    (tmp_path / "suite" / "test_x.py").write_text("2")
    assert questions().for_host("pbx1") == []


def test_the_oldest_are_forgotten(questions, tmp_path):
    folder = tmp_path / "cache" / "ringfence" / "questions"
    folder.mkdir(parents=True)
    for number in range(60):
        (folder / f"{number}").mkdir()
        os.utime(folder / f"{number}", (number, number))
    questions().learn(A, whole_suite=True)
    left = {path.name for path in folder.iterdir()}
    assert len(left) == 50
    assert {str(number) for number in range(11, 60)} < left
    assert questions().for_host("pbx1") == ["a"]


@pytest.mark.parametrize("content", ["{", '["a"]'])
def test_a_cache_that_cannot_be_read_costs_speed_alone(questions, tmp_path, content):
    questions().learn(A, whole_suite=True)
    for path in (tmp_path / "cache").rglob("*.json"):
        path.write_text(content)
    assert questions().for_host("pbx1") == []


def test_parts_of_a_site_learn_side_by_side(questions):
    first, second = questions(), questions()
    first.learn(A, whole_suite=True)
    second.learn({"pbx2": {"X-01": ["b"]}}, whole_suite=True)
    assert [questions().for_host(host) for host in ("pbx1", "pbx2")] == [["a"], ["b"]]
