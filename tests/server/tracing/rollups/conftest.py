from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import SCHEMA, Frames

SESSION, RUN = UUID(int=1), UUID(int=2)
PATHS = [b"/etc/passwd", b"/etc/group", b"\xff"]


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    """One sealed run of 8000 rows, each a microsecond after the one before."""
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUN, SCHEMA)
    store.append(SESSION, RUN, [frames.rows_of(4000, paths=PATHS) for _ in range(2)])
    store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])
    assert store.seal_due() == 1
    return store
