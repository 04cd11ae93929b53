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


def test_the_mark_waits_for_every_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100, 200])
    monkeypatch.setattr(module, "boot_ns", lambda: next(times))
    slow, quick = Ring(8, 0), Ring(16, 0)
    mark = Watermark(cast("list[RingReader]", [slow, quick]))
    mark.before_read()
    quick.consumed = 16
    mark.after_read()
    assert mark.time == 0
    slow.produced = 800  # what comes later is not waited for
    mark.before_read()
    slow.consumed = 8
    mark.after_read()
    assert mark.time == 100
    mark.before_read()
    mark.after_read()
    assert mark.time == 100
    slow.consumed = 800
    mark.after_read()
    assert mark.time == 200
