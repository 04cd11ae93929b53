"""The mark moves on only when every ring was read to where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from agent.runner.readers import watermark as module
from agent.runner.readers.ring import RingReader
from agent.runner.readers.watermark import Watermark


@dataclass
class Ring:
    produced: int
    consumed: int


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100, 200, 300])
    monkeypatch.setattr(module, "boot_ns", lambda: next(times))


def marked(*rings: Ring) -> Watermark:
    return Watermark(cast("list[RingReader]", list(rings)))


def test_what_was_read_to_where_it_was_is_here_up_to_that_moment(now: None) -> None:
    first, second = Ring(8, 0), Ring(16, 0)
    mark = marked(first, second)
    mark.before_read()
    first.produced = 800  # what comes while it is read is not waited for
    first.consumed, second.consumed = 8, 16
    mark.after_read([90, 95])
    assert mark.time == 100


def test_a_ring_that_was_not_is_here_up_to_its_latest_row(now: None) -> None:
    slow, quick = Ring(8, 0), Ring(16, 0)
    mark = marked(slow, quick)
    mark.before_read()
    quick.consumed = 16
    mark.after_read([0, 95])
    assert mark.time == 0
    mark.before_read()
    slow.consumed = 4
    mark.after_read([40, 95])
    assert mark.time == 40
    mark.before_read()
    slow.consumed = 8
    mark.after_read([60, 95])
    assert mark.time == 300


def test_the_mark_never_goes_back(now: None) -> None:
    ring = Ring(8, 8)
    mark = marked(ring)
    mark.before_read()
    mark.after_read([50])
    assert mark.time == 100
    ring.produced = 16
    mark.before_read()
    mark.after_read([60])
    assert mark.time == 100
