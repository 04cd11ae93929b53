"""Statistics and counters are read back from a real program that runs a known number of times."""

from __future__ import annotations

import os

import bcc
import pytest

from agent.kernel.bpf_syscall import enable_stats, possible_cpus, prog_stats, read_percpu_u64

CALLS = 1009
PROGRAM = b"""
BPF_PERCPU_ARRAY(counters, u64, 4);
TRACEPOINT_PROBE(syscalls, sys_enter_getppid) {
    if (bpf_get_current_pid_tgid() >> 32 != PID) return 0;
    int slot = 2;
    u64 *count = counters.lookup(&slot);
    if (count) (*count)++;
    return 0;
}
"""


@pytest.mark.kernel
def test_counter_and_run_statistics_of_a_counted_workload(monkeypatch: pytest.MonkeyPatch, headers: str) -> None:
    monkeypatch.setenv("BCC_KERNEL_SOURCE", headers)
    stats_fd = enable_stats()
    program = bcc.BPF(text=PROGRAM, cflags=[f"-DPID={os.getpid()}"])
    try:
        for cpu in os.sched_getaffinity(0):
            os.sched_setaffinity(0, {cpu})
            for _ in range(CALLS):
                os.getppid()
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        function = program.load_func(b"tracepoint__syscalls__sys_enter_getppid", bcc.BPF.TRACEPOINT)
        stats = prog_stats(function.fd)
        assert read_percpu_u64(program[b"counters"].map_fd, 2) == CALLS * len(os.sched_getaffinity(0))
        assert read_percpu_u64(program[b"counters"].map_fd, 1) == 0
        assert stats.run_cnt >= CALLS and stats.run_time_ns > 0 and stats.id > 0
        assert stats.name == "syscalls__sys_e"
    finally:
        program.cleanup()
        os.close(stats_fd)


def test_errors_carry_the_kernels_reason() -> None:
    with pytest.raises(OSError, match="bad state"):
        prog_stats(-1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        read_percpu_u64(-1, 0)


def test_possible_cpus_covers_those_online() -> None:
    assert possible_cpus() >= (os.cpu_count() or 1)
