import json

import pytest

from ringfence.errors import UsageError
from ringfence.verify.answers import Answer, Snapshot


def test_a_snapshot_survives_its_file_byte_for_byte(tmp_path):
    snapshot = Snapshot.begin("pbx1")
    snapshot.answers["ls"] = Answer(0, b"caf\xe9\n", b"")
    snapshot.answers["false"] = Answer(1, b"", "no – really".encode())
    path = snapshot.save(tmp_path / "snapshot")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    read = Snapshot.load(path.parent, "pbx1")
    assert read.answers == snapshot.answers
    assert list(read.answers) == ["ls", "false"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"answers": 1}', json.dumps({"host": "x"})])
def test_a_broken_snapshot_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "pbx1.json").write_text(content)
    with pytest.raises(UsageError, match=r"pbx1\.json: is not a snapshot"):
        Snapshot.load(tmp_path, "pbx1")


def test_a_missing_snapshot_names_the_host(tmp_path):
    with pytest.raises(UsageError, match="holds no snapshot of host 'pbx1'"):
        Snapshot.load(tmp_path, "pbx1")
