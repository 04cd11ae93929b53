from __future__ import annotations

import pytest

from proto.columnar import BodyError
from proto.frame import decode
from server.tracing.store.model import HoleError, StoredBatch
from tests.server.tracing.rows import EVENTS, Frames, events


def test_a_stored_frame_is_served_as_it_came() -> None:
    raw = Frames().rows_of(9)
    frame = decode(raw)
    stored = StoredBatch(frame.head, EVENTS, packed=frame.body)
    assert (stored.seq, stored.frame()) == (1, raw)
    rows = stored.batch()
    assert rows is not None and rows.equals(events(0, 9))


def test_rows_become_a_frame_with_their_own_size() -> None:
    head = decode(Frames().rows_of(9)).head
    head.body_size = 1
    served = decode(StoredBatch(head, EVENTS, rows=events(0, 9)).frame())
    assert served.head.body_size > 1
    assert (head.body_size, served.head.rows) == (1, 9)


def test_rows_that_are_not_the_streams_are_refused() -> None:
    frame = decode(Frames().stacks_of(3))
    with pytest.raises(BodyError):
        StoredBatch(frame.head, EVENTS, packed=frame.body).batch()


def test_a_hole_says_what_to_send() -> None:
    hole = HoleError(4, 7)
    assert hole.expected == 4
    assert str(hole) == "batch 7 does not follow: send batch 4 next"
