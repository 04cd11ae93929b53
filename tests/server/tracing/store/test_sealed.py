from __future__ import annotations

import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store.layout import RunFolder
from server.tracing.store.sealed import SealedIndex, digest
from server.tracing.store.sealing import seal
from server.tracing.store.writer import RunWriter
from tests.server.tracing.rows import TWO_STREAMS, Frames


@pytest.fixture
def sealed(folder: RunFolder) -> SealedIndex:
    """Two streams: batches 1 and 3 of the first, 2 of the second, and the end."""
    folder.pin(TWO_STREAMS)
    frames = Frames()
    sent = [frames.rows_of(5), frames.stacks_of(3), frames.rows_of(4), frames.end(END_CAUSE_DURATION)]
    RunWriter(folder).append(sent)
    seal(folder, folder.segments()[0], TWO_STREAMS)
    return SealedIndex.load(folder.segments()[0].path)


def test_it_keeps_every_head_and_says_what_the_files_are(folder: RunFolder, sealed: SealedIndex) -> None:
    assert [(head.seq, head.stream, head.rows) for head in sealed.heads] == [(1, 0, 5), (2, 1, 3), (3, 0, 4), (4, 0, 0)]
    for file in sealed.files:
        path = folder.path / file.name
        assert (file.size, file.sha256) == (path.stat().st_size, digest(path))
    assert sealed.summary().index().rows == 12
    assert sealed.verify(folder.path) == []


def test_it_is_stored_as_it_was(folder: RunFolder, sealed: SealedIndex) -> None:
    path = folder.path / "copy.idx"
    path.write_bytes(sealed.dump())
    assert SealedIndex.load(path) == sealed


@pytest.mark.parametrize("change", [(b'"rows"', b'"rowz"'), (b'"stream":0', b'"stream":1'), (b"{", b"")])
def test_a_changed_index_is_refused(folder: RunFolder, sealed: SealedIndex, change: tuple[bytes, bytes]) -> None:
    path = folder.segments()[0].path
    path.write_bytes(path.read_bytes().replace(*change, 1) + b" ")
    with pytest.raises(ValueError, match=r"000000000001\.idx was altered"):
        SealedIndex.load(path)


def test_damage_names_the_batches_of_the_stream_alone(folder: RunFolder, sealed: SealedIndex) -> None:
    (folder.path / "000000000001.1.parquet").unlink()
    (damage,) = sealed.verify(folder.path)
    assert (damage.first_seq, damage.last_seq) == (2, 2)
    assert damage.reason == "000000000001.1.parquet was removed"
