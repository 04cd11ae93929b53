"""The proof is proved: it stands for a session nobody touched, and falls when one stored batch is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from proto import frame
from tests.e2e.stack import Stack, eventually
from tests.faults.counted import Counted, counted
from tests.faults.proof import prove

pytestmark = pytest.mark.kernel

STEPS = 3
EVENTS = 211


@pytest.fixture
def traced(stack: Stack) -> Iterator[Counted]:
    """A session of several stored batches whose workload makes no more events."""
    with counted(stack, "proof") as running:
        for step in range(1, STEPS + 1):
            running.emit(EVENTS)
            running.wait_rows(step * EVENTS)
        yield running


def delete(frames: list[bytes]) -> list[bytes]:
    return [*frames[:1], *frames[2:]]


def duplicate(frames: list[bytes]) -> list[bytes]:
    return [*frames[:2], frames[1], *frames[2:]]


def alter(frames: list[bytes]) -> list[bytes]:
    """The rows of the third batch under the number of the second, with a checksum that is right."""
    second, third = frame.decode(frames[1]), frame.decode(frames[2])
    second.head.body_size = third.head.body_size
    return [frames[0], frame.encode(second.head, third.body), *frames[2:]]


def keep(frames: list[bytes]) -> list[bytes]:
    return frames


def meddle_with(traced: Counted, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """In the open segment, between two batches; then the run ends."""
    (segment,) = traced.stored.glob("*.seg")
    with segment.open("rb") as file:
        frames = [found.raw for _, found in frame.scan(file)]
    assert len(frames) >= STEPS
    segment.write_bytes(b"".join(change(frames)))
    traced.finish()


@pytest.mark.parametrize("change", [delete, duplicate, alter])
def test_the_proof_falls_when_a_stored_batch_is_touched(
    traced: Counted, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    meddle_with(traced, change)
    with pytest.raises(AssertionError):
        prove(traced)


def test_the_proof_stands_when_a_segment_is_written_again_as_it_was(traced: Counted) -> None:
    meddle_with(traced, keep)
    assert prove(traced).seen == STEPS * EVENTS


def altered(table: pa.Table) -> pa.Table:
    """One open of the second batch is taken for another one."""
    paths = table.column("path").combine_chunks().cast(pa.large_binary()).to_pylist()
    paths[EVENTS] = paths[EVENTS + 1]
    place = table.schema.get_field_index("path")
    return table.set_column(place, table.schema.field(place), pa.array(paths).cast(table.schema.field(place).type))


def deleted(table: pa.Table) -> pa.Table:
    return table.filter(pc.not_equal(table.column("_seq"), 2))


def duplicated(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.filter(pc.equal(table.column("_seq"), 2))])


def test_the_proof_falls_when_a_sealed_batch_is_touched(traced: Counted) -> None:
    traced.finish()
    traced.wait_ended()
    sealed = eventually(lambda: _sealed(traced.stored), 30, "the sealed segment")
    whole, table = sealed.read_bytes(), pq.read_table(sealed)
    prove(traced)
    for change in (deleted, duplicated, altered):
        pq.write_table(change(table), sealed)
        with pytest.raises(AssertionError):
            prove(traced)
    sealed.write_bytes(whole)
    assert prove(traced).seen == STEPS * EVENTS


def _sealed(folder: Path) -> Path | None:
    """Once no open segment is left."""
    return None if list(folder.glob("*.seg")) else next(folder.glob("*.parquet"), None)
