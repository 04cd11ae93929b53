"""Whatever is changed by hand in a run's folder shows in its index, naming the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from proto.salvage import Entry, salvage
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.books import books
from server.tracing.store import RunIndex, SegmentStore
from server.tracing.store import index as index_module
from server.tracing.store import writer as writer_module
from tests.server.tracing.rows import SCHEMA, Frames

SESSION, RUN = UUID(int=1), UUID(int=2)
SIZES = [10, 20, 30, 40]


@pytest.fixture(params=["known", "fresh"])
def index(request: pytest.FixtureRequest, store: SegmentStore) -> Callable[[], RunIndex]:
    """As a process sees it that knew the run before, and one that sees it for the first time."""
    store.index(SESSION, RUN)
    return lambda: (store if request.param == "known" else SegmentStore(store.root)).index(SESSION, RUN)


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUN, SCHEMA)
    for size in SIZES:
        store.append(SESSION, RUN, [frames.rows_of(size)])
    store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])
    return store


def only(store: SegmentStore, suffix: str) -> Path:
    (found,) = (store.root / str(SESSION) / str(RUN)).glob(f"*{suffix}")
    return found


def broken(index: RunIndex) -> str:
    found = books(index, None, SCHEMA, stored_seq=5)
    assert found.state == "broken"
    return found.message


def frames_of(segment: Path) -> list[bytes]:
    from proto.frame import scan

    with segment.open("rb") as file:
        return [frame.raw for _, frame in scan(file)]


def test_untouched_books_are_complete(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    assert books(index(), None, SCHEMA, stored_seq=5).state == "complete"
    store.seal_due()
    assert books(index(), None, SCHEMA, stored_seq=5).state == "complete"


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_frame_cut_out(store: SegmentStore, index: Callable[[], RunIndex], cut: int) -> None:
    segment = only(store, ".seg")
    frames = frames_of(segment)
    segment.write_bytes(b"".join(frames[:cut] + frames[cut + 1 :]))
    assert broken(index()) == f"the books are broken: batch {cut + 1} is missing"


def test_the_last_frame_cut_off(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    segment = only(store, ".seg")
    segment.write_bytes(b"".join(frames_of(segment)[:-1]))
    assert "batch 5 is missing" in broken(index())


def test_a_byte_changed(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    segment = only(store, ".seg")
    data = bytearray(segment.read_bytes())
    data[len(frames_of(segment)[0]) + 90] ^= 1
    segment.write_bytes(data)
    assert broken(index()) == "the books are broken: batch 2: 000000000001.seg was altered"


def test_bytes_put_in_between(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    segment = only(store, ".seg")
    first, *rest = frames_of(segment)
    segment.write_bytes(first + b"FSF1 nonsense" + b"".join(rest))
    assert "batch 2: 000000000001.seg was altered" in broken(index())


def test_a_frame_stored_twice(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    segment = only(store, ".seg")
    first, second, *rest = frames_of(segment)
    segment.write_bytes(first + second + second + b"".join(rest))
    assert "batch 2: it is stored twice" in broken(index())


def test_rows_removed_from_a_sealed_file(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    store.seal_due()
    index()
    sealed = only(store, ".parquet")
    table = pq.read_table(sealed)
    pq.write_table(table.filter(pc.not_equal(table["_seq"], 2)), sealed)
    assert broken(index()) == "the books are broken: batch 2: rows were removed from 000000000001.parquet"
    served = [batch.seq for batch in store.read(SESSION, RUN)]
    assert served == [1, 3, 4, 5]


def test_a_value_changed_in_a_sealed_file(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    store.seal_due()
    index()
    sealed = only(store, ".parquet")
    table = pq.read_table(sealed)
    pids = pa.array([1] * table.num_rows, pa.uint32())
    pq.write_table(table.set_column(table.schema.get_field_index("pid"), "pid", pids), sealed)
    assert broken(index()) == "the books are broken: batches 1 to 4: 000000000001.parquet was altered"


def test_a_sealed_file_removed(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    store.seal_due()
    index()
    only(store, ".parquet").unlink()
    assert broken(index()) == "the books are broken: batches 1 to 4: 000000000001.parquet was removed"
    assert [batch.seq for batch in store.read(SESSION, RUN)] == [5]


def test_a_sealed_file_turned_to_nonsense(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    store.seal_due()
    index()
    only(store, ".parquet").write_bytes(b"nonsense")
    assert "000000000001.parquet cannot be read" in broken(index())


def test_the_index_of_a_sealed_file_altered_or_removed(store: SegmentStore, index: Callable[[], RunIndex]) -> None:
    store.seal_due()
    index()
    only(store, ".idx").write_bytes(b"{}")
    assert "000000000001.idx was altered" in broken(index())
    only(store, ".idx").unlink()
    assert "batches 1 to 5 are missing" in broken(index())


def test_a_whole_segment_in_the_middle_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 1)
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUN, SCHEMA)
    for size in SIZES:
        store.append(SESSION, RUN, [frames.rows_of(size)])
    (store.root / str(SESSION) / str(RUN) / "000000000002.seg").unlink()
    assert store.index(SESSION, RUN).holes == ((2, 2),)
    assert [batch.seq for batch in store.read(SESSION, RUN)] == [1, 3, 4]


def test_only_new_bytes_are_read(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Frames()
    run = UUID(int=3)
    store.append(SESSION, run, [frames.rows_of(5)])
    assert store.index(SESSION, run).rows == 5
    scanned: list[int] = []

    def counted(file: BinaryIO, offset: int) -> Iterator[Entry]:
        scanned.append(offset)
        return salvage(file, offset)

    monkeypatch.setattr(index_module, "salvage", counted)
    store.index(SESSION, run)
    assert scanned == []
    size = store.index(SESSION, run).bytes
    store.append(SESSION, run, [frames.rows_of(6)])
    assert store.index(SESSION, run).rows == 11
    assert scanned == [0, size], "once more the last known frame, then what is new"


def test_a_quick_look_sees_missing_and_resized_files_alone(store: SegmentStore) -> None:
    store.seal_due()
    sealed = only(store, ".parquet")
    data = bytearray(sealed.read_bytes())
    data[100] ^= 1
    sealed.write_bytes(data)
    fresh = SegmentStore(store.root)
    assert not fresh.index(SESSION, RUN, verify=False).damage
    assert fresh.index(SESSION, RUN).damage, "a close look is not answered from the quick one before"
    assert fresh.index(SESSION, RUN, verify=False).damage, "but a quick one from the close one"
    sealed.write_bytes(data + b"x")
    assert SegmentStore(store.root).index(SESSION, RUN, verify=False).damage
    sealed.unlink()
    assert SegmentStore(store.root).index(SESSION, RUN, verify=False).damage
