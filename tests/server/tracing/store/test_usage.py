from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store import SegmentStore
from server.tracing.store import usage as usage_module
from tests.server.tracing.rows import SCHEMA, Frames

SESSION, RUN = UUID(int=1), UUID(int=2)


def on_disk(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("settled_ns", [-(10**15), 10**15], ids=["remembered", "looked at again"])
def test_every_byte_counts_open_and_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled_ns: int) -> None:
    monkeypatch.setattr(usage_module, "SETTLED_NS", settled_ns)
    store, frames = SegmentStore(tmp_path), Frames()
    assert (store.usage.of(SESSION), store.usage.sessions()) == (0, {})
    store.pin(SESSION, RUN, SCHEMA)
    for _ in range(3):
        store.append(SESSION, RUN, [frames.rows_of(100)])
        assert store.usage.of(SESSION) == on_disk(tmp_path) > 0
    store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])
    store.append(UUID(int=3), RUN, [Frames().rows_of(5)])
    store.seal_due()
    sizes = store.usage.sessions()
    assert sizes.keys() == {SESSION, UUID(int=3)}
    assert sum(sizes.values()) == on_disk(tmp_path)
    store.delete(SESSION)
    assert store.usage.sessions() == {UUID(int=3): on_disk(tmp_path)}
    assert store.usage.of(SESSION) == 0
