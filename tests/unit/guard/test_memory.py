import pytest

from ringfence.guard.memory import Memory


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path, tmp_path / "runs/R1", "pbx1")


@pytest.fixture
def file(tmp_path):
    found = tmp_path / "integrity/pbx1.yml"
    found.parent.mkdir()
    return found


def test_what_was_remembered_before_comes_back(memory, file):
    file.write_text("before")
    memory.keep()
    file.write_text("after")
    assert memory.put_back()
    assert file.read_text() == "before"
    assert not memory.put_back()  # once


def test_of_a_host_that_nobody_knew_nothing_is_remembered(memory, file):
    memory.keep()
    file.write_text("after")
    assert memory.put_back()
    assert not file.exists()


def test_what_did_not_change_is_left(memory, file):
    file.write_text("before")
    memory.keep()
    assert not memory.put_back()
    assert file.read_text() == "before"


def test_what_somebody_accepted_since_is_left(memory, file):
    file.write_text("before")
    memory.keep()
    file.write_text("after\naccept: CHG-42\n")
    assert not memory.put_back()
    assert "CHG-42" in file.read_text()


def test_a_change_that_stays_is_not_put_back_later(memory, file):
    file.write_text("before")
    memory.keep()
    file.write_text("after")
    memory.forget()
    assert not list(memory.folder.iterdir())
    assert not memory.put_back()
    assert file.read_text() == "after"


def test_another_run_has_its_own_copy(memory, file):
    file.write_text("before")
    memory.of_run("R0").keep()
    file.write_text("after")
    assert not memory.put_back()
    assert memory.of_run("R0").put_back()
    assert memory.of_run("../../etc").folder.name == "etc"
    assert memory.of_run("../../etc").folder.parent == memory.folder.parent
