"""Measures the price of a hit for each attach type on work that this process does itself. Imports bcc.

Price = CPU time of the work with an empty program attached - without it, for each hit, - what the kernel says the
program itself took. Of several rounds the fastest counts: whatever else the host does only ever adds time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.kernel.bpf_syscall import enable_stats, prog_stats
from agent.runner import probes
from agent.runner.compiler import AttachError, Compiled, program_types
from agent.runner.functions import find_functions
from agent.runner.probes import Held
from bpf.program import Program
from proto.v1 import tool_pb2 as pb

_ROUNDS = 5
_CALLS = 5_000
_SPINS = 300_000
_TIMER_HZ = 19_997  # so often that samples make a measurable part of a busy process's time

Attach = Callable[[int], Iterator[Held]]


@dataclass(frozen=True, slots=True)
class Bench:
    """``hits``: of one round; 0: as many as the kernel counts."""

    kind: str
    attach: Attach
    work: Callable[[], None]
    hits: int


def measure(headers: str) -> dict[int, int]:
    """ProbeType to ns; one that this kernel refuses is absent. Raises AttachError when nothing compiles at all."""
    text = "".join(f"int {kind}(void *ctx) {{ return 0; }}\n" for kind in program_types())
    compiled = Compiled(Program(text, []), headers)
    statistics, affinity = enable_stats(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(affinity)})
    try:
        return dict(_prices(compiled))
    finally:
        os.sched_setaffinity(0, affinity)
        os.close(statistics)
        compiled.close()


def _prices(compiled: Compiled) -> Iterator[tuple[int, int]]:
    for kind, bench in _BENCHES.items():
        try:
            yield kind, max(1, round(_price(compiled, bench)))
        except AttachError:
            continue
    try:
        entry, pair = (_price(compiled, bench) for bench in (_ENTRY, _PAIR))
    except AttachError:
        return
    yield pb.PROBE_TYPE_UPROBE, max(1, round(entry))
    yield pb.PROBE_TYPE_USDT, max(1, round(entry))
    # A return is nearly always traced together with its entry, and the two share a part of the work.
    yield pb.PROBE_TYPE_URETPROBE, max(1, round(2 * pair - entry))


def _price(compiled: Compiled, bench: Bench) -> float:
    """Raises AttachError."""
    program = compiled.load(bench.kind, program_types()[bench.kind])
    bare, probed = [], []
    try:
        for _ in range(_ROUNDS):
            bare.append(_cpu_ns(bench.work))
            with _attached(program, bench.attach):
                probed.append(_cpu_ns(bench.work))
        stats = prog_stats(program)
    finally:
        os.close(program)
    runs = max(1, stats.run_cnt)
    return (min(probed) - min(bare)) / (bench.hits or runs / _ROUNDS) - stats.run_time_ns / runs


@contextmanager
def _attached(program: int, attach: Attach) -> Iterator[None]:
    held: list[Held] = []
    try:
        for one in attach(program):
            held.append(one)
        yield
    finally:
        for one in held:
            os.close(one.link)
            if one.event >= 0:
                os.close(one.event)


def _cpu_ns(work: Callable[[], None]) -> int:
    start = time.process_time_ns()
    work()
    return time.process_time_ns() - start


def _call() -> None:
    for _ in range(_CALLS):
        os.getppid()


def _spin() -> None:
    for _ in range(_SPINS):
        pass


def _tracepoint(program: int) -> Iterator[Held]:
    yield probes.attach_tracepoint(program, "syscalls:sys_enter_getppid")


def _raw_tracepoint(program: int) -> Iterator[Held]:
    yield probes.attach_raw_tracepoint(program, "sys_enter")


def _timer(program: int) -> Iterator[Held]:
    yield probes.attach_timer(program, _TIMER_HZ, min(os.sched_getaffinity(0)))


def _entry(program: int) -> Iterator[Held]:
    return _function(program, at_return=False)


def _entry_and_return(program: int) -> Iterator[Held]:
    for at_return in (False, True):
        yield from _function(program, at_return=at_return)


def _function(program: int, *, at_return: bool) -> Iterator[Held]:
    (function,) = find_functions("c:getppid", os.getpid())
    places = probes.Places(function.path, [function.offset])
    return probes.attach_user_functions(program, places, os.getpid(), at_return=at_return)


_BENCHES: dict[int, Bench] = {
    pb.PROBE_TYPE_TRACEPOINT: Bench("tracepoint", _tracepoint, _call, _CALLS),
    pb.PROBE_TYPE_RAW_TRACEPOINT: Bench("raw_tracepoint", _raw_tracepoint, _call, _CALLS),
    pb.PROBE_TYPE_PERF_TIMER: Bench("perf_event", _timer, _spin, 0),
}
_ENTRY = Bench("kprobe", _entry, _call, _CALLS)
_PAIR = Bench("kprobe", _entry_and_return, _call, 2 * _CALLS)
