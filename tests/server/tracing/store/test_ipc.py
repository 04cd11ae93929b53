from __future__ import annotations

import pyarrow as pa

from proto.columnar import decompress_body, encode_body
from server.tracing.store.ipc import compact, messages
from tests.server.tracing.rows import EVENTS, STACKS, events, stacks


def test_messages_are_what_a_runner_compresses() -> None:
    for rows in (events(0, 50), stacks(0, 50)):
        packed, size = encode_body(rows)
        assert messages(rows) == decompress_body(packed, size)


def test_messages_read_behind_the_schema() -> None:
    for schema, rows in ((EVENTS, events(0, 50)), (STACKS, stacks(0, 50))):
        read = pa.ipc.open_stream(schema.arrow_schema + messages(rows)).read_next_batch()
        assert read.equals(rows)


def test_a_slice_carries_only_its_own_values() -> None:
    part = compact(events(0, 1000).slice(990, 3))
    assert part.schema == events(0, 1).schema
    assert part["path"].dictionary.to_pylist() == [b"/missing/990", b"/missing/991", b"/missing/992"]
    assert part.to_pylist() == events(990, 3).to_pylist()


def test_a_slice_of_stacks_too() -> None:
    part = compact(stacks(0, 1000).slice(1, 1))
    part.validate(full=True)
    assert part["stack"].values.dictionary.to_pylist() == ["main", "work1", "sys_read_[k]"]
    assert part.to_pylist() == stacks(1, 1).to_pylist()
    assert messages(part) == messages(stacks(1, 1))
