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
from functools import cache
from itertools import pairwise

from agent.kernel.bpf_syscall import enable_stats, prog_stats
from agent.kernel.functions import find_functions
from agent.kernel.own_code import OwnCode
from agent.runner import probes
from agent.runner.compiler import AttachError, Compiled, program_types
from agent.runner.probes import Held
from bpf.program import Program
from proto.v1 import tool_pb2 as pb

_ROUNDS = 5
_CALLS = 5_000
_LEAST_NS = 50
_SPINS = 300_000
_TIMER_HZ = 19_997  # so often that samples make a measurable part of a busy process's time

# push %rbp; pop %rbp; ret, and behind it nop; ret
_CODE = bytes.fromhex("555dc3 90c3")
_PUSH, _NOP = 0, 3

Attach = Callable[[int], Iterator[Held]]


@dataclass(frozen=True, slots=True)
class Bench:
    """Each step attaches more than the one before. ``hits``: what a step adds in a round; 0: as the kernel counts."""

    kind: str
    steps: tuple[Attach, ...]
    prices: tuple[tuple[int, ...], ...]  # the attach types that each step is the price of
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
    for bench in _BENCHES:
        try:
            found = _steps(compiled, bench)
        except AttachError:
            continue
        for kinds, price in zip(bench.prices, found, strict=True):
            # Noise must not make a hit free: the steps of a bench differ by less than they are worth.
            yield from ((kind, max(_LEAST_NS, round(price))) for kind in kinds)


def _steps(compiled: Compiled, bench: Bench) -> list[float]:
    """What each step of the bench adds to the one before it, for each hit. Raises AttachError."""
    program = compiled.load(bench.kind, program_types()[bench.kind])
    steps: list[Attach] = [_nothing, *bench.steps]
    taken: list[list[int]] = [[] for _ in steps]
    try:
        for _ in range(_ROUNDS):
            for times, attach in zip(taken, steps, strict=True):
                with _attached(program, attach):
                    times.append(_cpu_ns(bench.work))
        stats = prog_stats(program)
    finally:
        os.close(program)
    runs = max(1, stats.run_cnt)
    hits = bench.hits or runs / _ROUNDS
    return [(min(after) - min(before)) / hits - stats.run_time_ns / runs for before, after in pairwise(taken)]


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


def _on_push(program: int) -> Iterator[Held]:
    return _own_code().attach(program, _PUSH)


def _on_nop(program: int) -> Iterator[Held]:
    return _own_code().attach(program, _NOP)


def _call_push() -> None:
    _call_own(_PUSH)


def _call_nop() -> None:
    _call_own(_NOP)


def _call_own(place: int) -> None:
    function = _own_code().function(place)
    for _ in range(_CALLS):
        function()


@cache
def _own_code() -> OwnCode:
    """Raises AttachError."""
    return OwnCode(_CODE, "x86_64")


def _nothing(_: int) -> Iterator[Held]:
    yield from ()


def _entry(program: int) -> Iterator[Held]:
    return _function(program, at_return=False)


def _entry_and_return(program: int) -> Iterator[Held]:
    """A return is nearly always traced together with its entry, and the two share a part of the work."""
    for at_return in (False, True):
        yield from _function(program, at_return=at_return)


def _function(program: int, *, at_return: bool) -> Iterator[Held]:
    (function,) = find_functions("c:getppid", os.getpid())
    places = probes.Places(function.path, [function.offset])
    return probes.attach_user_functions(program, places, os.getpid(), at_return=at_return)


_BENCHES = [
    Bench("tracepoint", (_tracepoint,), ((pb.PROBE_TYPE_TRACEPOINT,),), _call, _CALLS),
    Bench("raw_tracepoint", (_raw_tracepoint,), ((pb.PROBE_TYPE_RAW_TRACEPOINT,),), _call, _CALLS),
    Bench("perf_event", (_timer,), ((pb.PROBE_TYPE_PERF_TIMER,),), _spin, 0),
    Bench("kprobe", (_entry, _entry_and_return), ((pb.PROBE_TYPE_UPROBE,), (pb.PROBE_TYPE_URETPROBE,)), _call, _CALLS),
    Bench("kprobe", (_on_push,), ((pb.PROBE_TYPE_UPROBE_EMULATED,),), _call_push, _CALLS),
    Bench("kprobe", (_on_nop,), ((pb.PROBE_TYPE_USDT,),), _call_nop, _CALLS),
]
