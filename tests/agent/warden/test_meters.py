"""Counters are read from a real per-CPU map, whose only other holder is gone."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from agent.kernel.counters import SEEN, Counters
from agent.warden.meters import Meters, process_cpu_ns
from tests.agent.support.counters import count, make_counters

pytestmark = pytest.mark.kernel


def test_they_hold_the_descriptors_until_they_are_closed() -> None:
    counters = make_counters()
    seen = count(counters, SEEN, 100)
    meters = Meters(counters, [], [])
    assert meters.counters() == Counters(seen, {})
    assert meters.work().bpf_runs == 0
    meters.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(counters)


def test_descriptors_that_are_no_maps_are_an_error() -> None:
    read, write = os.pipe()
    with pytest.raises(OSError, match="bpf command"):
        Meters(read, [], []).counters()
    os.close(read)
    os.close(write)


def test_the_cpu_time_of_another_process_is_known_until_it_is_gone() -> None:
    before = process_cpu_ns(os.getpid())
    while time.process_time_ns() - before < 20_000_000:
        pass
    assert process_cpu_ns(os.getpid()) - before >= 20_000_000
    with subprocess.Popen(["true"]) as process:
        process.wait()
    with pytest.raises(OSError, match="Invalid argument"):
        process_cpu_ns(process.pid)
