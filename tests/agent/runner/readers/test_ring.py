"""The bulk ring reader, on a ring made by hand and on a real one with two producers."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent.kernel.headers import ensure_headers
from agent.runner.compiler import Compiled, program_types
from agent.runner.probes import attach_tracepoint
from agent.runner.readers.ring import PAGE, RingError, RingReader
from bpf.program import Program
from tests.agent.runner.harness import HEADERS_CACHE
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload

RECORD = np.dtype([("n", "u8"), ("twice", "u8")])
STRIDE = 8 + RECORD.itemsize
SIZE = 4 * PAGE
BUSY, DISCARD = 1 << 31, 1 << 30


class HandMade:
    """A file that lies in memory like a BPF ring."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, 2 * PAGE + 2 * SIZE)
        self.memory = mmap.mmap(self.fd, 0)
        self.produced = 0

    def put(self, number: int, flags: int = 0, size: int = RECORD.itemsize) -> int:
        at = self.produced % SIZE
        record = np.array([size | flags, 0], "u4").tobytes() + np.array([number, 2 * number], "u8").tobytes()
        for index, byte in enumerate(record):
            for copy in (0, SIZE):  # both mappings show the same memory
                self.memory[2 * PAGE + (at + index) % SIZE + copy] = byte
        self.produced += STRIDE
        self.memory[PAGE : PAGE + 8] = self.produced.to_bytes(8, "little")
        return at

    def finish(self, at: int) -> None:
        for copy in (0, SIZE):
            self.memory[2 * PAGE + (at + 3) % SIZE + copy] = 0

    @property
    def consumed(self) -> int:
        return int.from_bytes(self.memory[:8], "little")


@pytest.fixture
def ring() -> Iterator[HandMade]:
    made = HandMade()
    yield made
    made.memory.close()
    os.close(made.fd)


def reader(ring: HandMade) -> RingReader:
    return RingReader(ring.fd, SIZE, RECORD)


def numbers(source: RingReader, room: int = 1 << 20) -> list[int]:
    taken: list[int] = []

    def sink(records: np.ndarray) -> None:
        assert (records["twice"] == 2 * records["n"]).all()
        taken.extend(records["n"].tolist())

    assert source.read(sink, room) == len(taken)
    return taken


def test_records_come_in_order_and_once(ring: HandMade) -> None:
    source = reader(ring)
    assert numbers(source) == []
    for number in range(5):
        ring.put(number)
    assert numbers(source) == [0, 1, 2, 3, 4]
    assert ring.consumed == ring.produced
    assert numbers(source) == []
    source.close()


def test_it_stops_before_a_record_that_is_being_written(ring: HandMade) -> None:
    source = reader(ring)
    ring.put(1)
    busy = ring.put(2, BUSY)
    ring.put(3)
    assert numbers(source) == [1]
    ring.finish(busy)
    assert numbers(source) == [2, 3]


def test_discarded_records_are_left_out(ring: HandMade) -> None:
    source = reader(ring)
    for number in range(6):
        ring.put(number, DISCARD if number % 2 else 0)
    assert numbers(source) == [0, 2, 4]
    assert ring.consumed == ring.produced


def test_many_rounds_over_the_wrap_lose_nothing(ring: HandMade) -> None:
    source = reader(ring)
    seen: list[int] = []
    for start in range(0, 5000, 250):
        for number in range(start, start + 250):
            ring.put(number)
        seen += numbers(source)
    assert seen == list(range(5000))


def test_what_there_is_no_room_for_stays_in_the_ring(ring: HandMade) -> None:
    source = reader(ring)
    for number in range(25):
        ring.put(number)
    assert numbers(source, 10) == list(range(10))
    assert numbers(source, 0) == []
    assert numbers(source, 10) == list(range(10, 20))
    assert numbers(source, 10) == list(range(20, 25))


def test_a_record_of_another_size_is_an_error(ring: HandMade) -> None:
    source = reader(ring)
    ring.put(1, size=RECORD.itemsize + 8)
    with pytest.raises(RingError, match="24 bytes in a ring of 16"):
        numbers(source)


# Every record carries its number and a checksum; about one in seven is given back.
SEQUENCE = r"""
struct event { u64 n; u64 check; u32 pid; u32 fs_pad; };
BPF_RINGBUF_OUTPUT(ring, 256);
BPF_HASH(numbers, u32, u64, 16);
BPF_ARRAY(lost, u64, 2);
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 zero = 0, *n;
    int full = 0, given_back = 1;

    if (pid != FIRST && pid != SECOND)
        return 0;
    n = numbers.lookup_or_try_init(&pid, &zero);
    if (!n)
        return 0;
    struct event *event = ring.ringbuf_reserve(sizeof(*event));
    if (!event) {
        lost.atomic_increment(full);
        return 0;
    }
    if (bpf_get_prandom_u32() % 7 == 0) {
        lost.atomic_increment(given_back);
        ring.ringbuf_discard(event, 1);
        return 0;
    }
    *n += 1;
    event->n = *n;
    event->check = *n * 0x9E3779B97F4A7C15ULL ^ pid;
    event->pid = pid;
    event->fs_pad = 0;
    ring.ringbuf_submit(event, 1);
    return 0;
}
"""
EVENT = np.dtype([("n", "u8"), ("check", "u8"), ("pid", "u4"), ("fs_pad", "u4")])


def still_running(*workloads: Workload) -> bool:
    return any(workload.process.poll() is None for workload in workloads)


@pytest.mark.kernel
def test_two_producers_and_thousands_of_discards_close_the_books(tmp_path: Path) -> None:
    from agent.runner.map_access import lookup_map

    program, count = build("burst.c", tmp_path), 300_000
    with running(program, count) as first, running(program, count) as second:
        flags = [f"-DFIRST={first.pid}", f"-DSECOND={second.pid}"]
        module = Compiled(Program(SEQUENCE, flags), str(ensure_headers(HEADERS_CACHE)))
        loaded = module.load("tracepoint__syscalls__sys_enter_openat", program_types()["tracepoint"])
        ring_fd, lost_fd = module.map_fd("ring"), module.map_fd("lost")
        held = attach_tracepoint(loaded, "syscalls:sys_enter_openat")
        source = RingReader(ring_fd, 256 * PAGE, EVENT)
        first.go()
        second.go()
        parts: list[np.ndarray] = []
        deadline = time.monotonic() + 60
        alive, given = True, 0
        while alive or given:  # once more after the last call was made
            alive = still_running(first, second)
            given = source.read(lambda records: parts.append(records.copy()), 1 << 20)
            assert time.monotonic() < deadline
        for descriptor in (held.link, held.event, loaded):
            os.close(descriptor)
    events = np.concatenate(parts)
    full, given_back = (
        int.from_bytes(lookup_map(lost_fd, index.to_bytes(4, "little"), 8) or b"", "little") for index in (0, 1)
    )
    assert len(events) + full + given_back == 2 * count
    assert given_back > count // 7
    with np.errstate(over="ignore"):
        check = events["n"] * np.uint64(0x9E3779B97F4A7C15) ^ events["pid"].astype(np.uint64)
    assert (check == events["check"]).all()
    for pid in (first.pid, second.pid):
        sequence = events["n"][events["pid"] == pid]
        assert (np.diff(sequence) == 1).all()
        assert sequence[0] == 1
    source.close()
    os.close(ring_fd)
    os.close(lost_fd)
