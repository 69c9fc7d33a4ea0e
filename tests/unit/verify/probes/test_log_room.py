from types import SimpleNamespace

import pytest

from ringfence.verify.probes import log_room


@pytest.mark.parametrize(
    ("said", "free"),
    [
        ("25 100 90 100\n", 25.0),
        ("50 100 3 100\n", 3.0),
        ("50 100 0 0\n", 50.0),
        ("1 3 1 2\n50 100 0 0\n", 33.3),
        ("", -1.0),  # there is no archive
    ],
)
def test_the_less_of_blocks_and_files_counts_where_files_are_counted(said, free):
    host = SimpleNamespace(run=lambda _command: SimpleNamespace(stdout=said))
    assert log_room.free_percent(host) == free


def test_a_timer_is_tried_with_a_disk_of_which_the_given_part_is_taken():
    def run(command, *arguments):
        assert command.count("%s") == len(arguments)
        assert arguments[1:] == ("x.timer", "996147")
        return SimpleNamespace(stdout="fails\n")

    assert log_room.look(SimpleNamespace(run=run), "x.timer", 95) == "fails"
