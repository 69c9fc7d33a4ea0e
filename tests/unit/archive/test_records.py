import io
import tracemalloc

import pytest
import zstandard

from ringfence.archive.records import LONGEST_RECORD, read_closed, read_open
from ringfence.archive.sequences import Sequence

from .conftest import FIRST, Writer


@pytest.fixture
def writer(tmp_path):
    return Writer(tmp_path)


def content(writer, count):
    return b"".join(writer.record("pbx1", FIRST) for _ in range(count))


def read(data, host="pbx1"):
    return read_closed(io.BytesIO(data), host, str(FIRST), Sequence(), "x")


def test_a_file_is_counted_and_hashed_inside_and_outside(writer):
    text = content(writer, 5)
    found = read(zstandard.compress(text))
    assert (found.records, found.content_size, found.odd, found.unreadable) == (
        5,
        len(text),
        {},
        "",
    )
    assert found.size == len(zstandard.compress(text))
    assert (
        found.content_sha256
        == read_open(io.BytesIO(text), "pbx1", str(FIRST), Sequence(), "x").sha256
    )


def test_frames_one_after_the_other_are_one_file(writer):
    parts = [content(writer, 2) for _ in range(3)]
    assert read(b"".join(map(zstandard.compress, parts))).records == 6


@pytest.mark.parametrize("data", [b"", b"no zstd at all", zstandard.compress(b"x\n")[:-1]])
def test_what_can_not_be_read_has_a_digest_all_the_same(data):
    found = read(data)
    assert found.size == len(data)
    assert len(found.sha256) == 64


def test_what_follows_the_last_frame_belongs_to_the_file(writer):
    data = zstandard.compress(content(writer, 1)) + b"more"
    found = read(data)
    assert found.size == len(data)
    assert found.unreadable


def test_a_line_without_end_does_not_fill_the_memory():
    data = zstandard.compress(b"x" * (40 * LONGEST_RECORD))
    tracemalloc.start()
    found = read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "records of another form" in found.odd
    assert peak < 12 * LONGEST_RECORD


def test_memory_does_not_grow_with_the_file(writer):
    small, large = (zstandard.compress(content(writer, count)) for count in (2_000, 40_000))
    peaks = []
    for data in (small, large):
        tracemalloc.start()
        read(data)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000


def test_an_absurd_window_is_refused(writer):
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    frame = compressor.compressobj()
    data = frame.compress(content(writer, 10)) + frame.flush()
    assert read(data).unreadable
