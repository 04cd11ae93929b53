"""Counters are read from a real per-CPU map."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from agent.kernel.counters import BLIND, BLIND_NS, KERNEL_CAUSES, SEEN, Counters, read_counters
from bpf.catalog import ROOT
from proto.v1.stream_pb2 import LossCause
from tests.agent.support.counters import count, make_counters


@pytest.fixture
def counters() -> Iterator[int]:
    descriptor = make_counters()
    yield descriptor
    os.close(descriptor)


@pytest.mark.kernel
def test_they_are_added_up_over_cpus_by_cause(counters: int) -> None:
    seen, ring = count(counters, SEEN, 100), count(counters, LossCause.LOSS_CAUSE_RING, 7)
    unseen = count(counters, LossCause.LOSS_CAUSE_UNSEEN, 3)
    blind, blind_ns = count(counters, BLIND, 2), count(counters, BLIND_NS, 9000)
    lost = {LossCause.LOSS_CAUSE_RING: ring, LossCause.LOSS_CAUSE_UNSEEN: unseen}
    assert read_counters(counters, []) == Counters(seen, lost, blind, blind_ns)


@pytest.mark.kernel
def test_nothing_counted_is_nothing_lost(counters: int) -> None:
    assert read_counters(counters, []) == Counters(0, {})


def test_the_programs_count_under_the_same_numbers() -> None:
    text = (ROOT / "include/types.h").read_text()
    defined = {name: int(value) for name, value in re.findall(r"#define FS_(\w+) (\d+)$", text, re.MULTILINE)}
    assert {f"LOST_{LossCause.Name(cause).removeprefix('LOSS_CAUSE_')}": int(cause) for cause in KERNEL_CAUSES} == {
        name: value for name, value in defined.items() if name.startswith("LOST_")
    }
    assert (defined["SEEN"], defined["BLIND"], defined["BLIND_NS"]) == (SEEN, BLIND, BLIND_NS)
