"""Counters are read from a real per-CPU map, whose only other holder is gone."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import time
from collections.abc import Iterator

import pytest

from agent.kernel import bpf_syscall
from agent.warden.meters import KERNEL_CAUSES, SEEN, Meters, process_cpu_ns
from proto.v1.stream_pb2 import LossCause

pytestmark = pytest.mark.kernel

MAP_CREATE, MAP_UPDATE, PERCPU_ARRAY = 0, 2, 6


@pytest.fixture
def counters() -> Iterator[int]:
    """Like ``fs_counters``: 16 u64 a CPU."""
    attributes = struct.pack("=IIII", PERCPU_ARRAY, 4, 8, 16) + bytes(56)
    descriptor = bpf_syscall._bpf(MAP_CREATE, attributes)
    yield descriptor


def _count(descriptor: int, index: int, events: int) -> None:
    """``events`` on every CPU."""
    key, values = ctypes.c_uint32(index), (ctypes.c_uint64 * bpf_syscall.possible_cpus())()
    for cpu in range(len(values)):
        values[cpu] = events
    pointers = struct.pack("=ixxxxQQQ", descriptor, ctypes.addressof(key), ctypes.addressof(values), 0)
    bpf_syscall._bpf(MAP_UPDATE, pointers)


def test_the_counters_are_added_up_over_cpus_by_cause(counters: int) -> None:
    cpus = bpf_syscall.possible_cpus()
    _count(counters, SEEN, 100)
    _count(counters, LossCause.LOSS_CAUSE_RING, 7)
    meters = Meters(counters, [], [])
    found = meters.counters()
    assert found.seen == 100 * cpus
    assert found.lost == {LossCause.LOSS_CAUSE_RING: 7 * cpus}
    assert set(KERNEL_CAUSES) >= set(found.lost)
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
