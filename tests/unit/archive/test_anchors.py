from datetime import UTC, datetime

import pytest

from ringfence.archive.anchors import Anchor, new_anchors, parse_anchors
from ringfence.archive.findings import Reading
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import read_chains
from ringfence.errors import ToolError

from .conftest import day

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


def chains(archive):
    return read_chains(Folder(archive.root), archive.keys, Reading())


def test_heads_are_written_once(archive):
    made = new_anchors([], chains(archive), NOW)
    assert [(one.host, one.number) for one in made] == [("agent1", 5), ("pbx1", 5)]
    text = "".join(one.line() for one in made)
    assert parse_anchors(text, "x") == made
    assert new_anchors(made, chains(archive), NOW) == []
    archive.close("pbx1", day(4), archive.record("pbx1", day(4)))
    assert [(one.host, one.number) for one in new_anchors(made, chains(archive), NOW)] == [
        ("pbx1", 6)
    ]


@pytest.mark.parametrize("line", ["x", "{}", '{"anchored":"today"}', "[]", "1"])
def test_a_line_that_is_no_anchor_is_told(line):
    good = Anchor("2026-03-09T12:00:00Z", "pbx1", 1, "0" * 64).line()
    with pytest.raises(ToolError, match="x, line 2: is no anchor"):
        parse_anchors(f"{good}{line}\n", "x")
