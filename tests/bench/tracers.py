"""Tracers beside ours, each attached to one process of our own: bpftrace, perf, strace, a BCC callback, a stock tool.

A tracer takes the process and a function that lets it work, and says how many events it got, how much CPU time it used
for them once it was attached, and how many it says itself that it lost.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.kernel.headers import ensure_headers
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.runner.harness import HEADERS_CACHE, Run
from tests.bench.agents import cpu_seconds
from tests.matrix.stock import Stock, held_probes, sleeps
from tests.waiting import wait_for

ATTACH_SECONDS = 60.0
# As many bytes for each CPU as ours has by default for events.
PERF_PAGES = 4096
BPFTRACE_PAGES = 4096


@dataclass(frozen=True, slots=True)
class Traced:
    """``events``: that reached it; -1 when it does not say."""

    events: int
    cpu_seconds: float
    lost: int = 0


Tracer = Callable[[int, Callable[[], object]], Traced]


def ours(tool: str, params: Mapping[str, str] | None = None, buffer_bytes: int = 0) -> Tracer:
    def trace(pid: int, work: Callable[[], object]) -> Traced:
        limits = RunLimits(budget_permille=1000, buffer_bytes=buffer_bytes)
        with Run(tool, params, Filters(pid=pid), limits) as run:
            assert run.first.HasField("schema"), run.end.message
            before = run.first.cost.runner_cpu_ns
            work()
            run.stop()
            run.wait()
            run.check_books()
            used = run.last.cost.runner_cpu_ns - before
            return Traced(run.ledger.stored, used / 1e9, sum(run.lost().values()))

    return trace


def bcc_callback(pid: int, work: Callable[[], object]) -> Traced:
    """The usual way to read events with BCC: a Python callback for each, from a perf buffer."""
    headers = str(ensure_headers(HEADERS_CACHE))
    command = [sys.executable, str(Path(__file__).with_name("perf_callback.py")), str(pid), headers]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    work()
    found = json.loads(process.communicate()[0])
    return Traced(found["events"], found["cpu"], found["lost"])


def bpftrace(program: str, counted: str = "") -> Tracer:
    """``program`` with PID in it; ``counted`` finds each event in what it prints."""

    def trace(pid: int, work: Callable[[], object]) -> Traced:
        env = {**os.environ, "BPFTRACE_PERF_RB_PAGES": str(BPFTRACE_PAGES)}
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder, "out")
            with output.open("wb") as file:
                command = ["bpftrace", "-B", "full", "-e", program.replace("PID", str(pid))]
                process = subprocess.Popen(command, stdout=file, stderr=file, env=env)
            try:
                attached = lambda: held_probes(process.pid) and sleeps(process.pid)  # noqa: E731
                wait_for(attached, ATTACH_SECONDS, "bpftrace attaches")
                used = _until_the_end(process, work)
            finally:
                process.kill()
                process.wait()
            said = output.read_text(errors="replace")
        lost = sum(map(int, re.findall(r"^Lost (\d+) events", said, re.M)))
        return Traced(len(re.findall(counted, said, re.M)) if counted else -1, used, lost)

    return trace


def perf_record(events: Sequence[str]) -> Tracer:
    def trace(pid: int, work: Callable[[], object]) -> Traced:
        with tempfile.TemporaryDirectory() as folder:
            control, ack = Path(folder, "control"), Path(folder, "ack")
            os.mkfifo(control)
            os.mkfifo(ack)
            command = ["perf", "record", "-q", "-m", str(PERF_PAGES), "-D", "-1", "--control", f"fifo:{control},{ack}"]
            process = subprocess.Popen([*command, *events, "-p", str(pid), "-o", f"{folder}/data"])
            with control.open("w") as orders, ack.open() as answers:
                orders.write("enable\n")
                orders.flush()
                assert answers.read(3) == "ack"
                used = _until_the_end(process, work)
            listed = ["perf", "script", "-i", f"{folder}/data", "-F", "pid"]
            found = subprocess.run(listed, capture_output=True, check=True).stdout
            return Traced(len(re.findall(rb"^\s*\d+\s*$", found, re.M)), used)

    return trace


def strace(call: str) -> Tracer:
    def trace(pid: int, work: Callable[[], object]) -> Traced:
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder, "out")
            process = subprocess.Popen(["strace", "-qq", "-e", f"trace={call}", "-o", str(output), "-p", str(pid)])
            status = Path(f"/proc/{pid}/status")
            tracer = f"TracerPid:\t{process.pid}\n"
            wait_for(lambda: tracer in status.read_text(), ATTACH_SECONDS, "strace attaches")
            used = _until_the_end(process, work)
            return Traced(output.read_bytes().count(f"{call}(".encode()), used)

    return trace


def stock(command: str) -> Tracer:
    """One of bpfcc-tools; PID in its command is replaced."""

    def trace(pid: int, work: Callable[[], object]) -> Traced:
        folder = Path(tempfile.mkdtemp(prefix="fleetscope-bench-"))
        tool = Stock(command.replace("PID", str(pid)), folder, ensure_headers(HEADERS_CACHE), preloaded=False)
        try:
            tool.wait_attached(ATTACH_SECONDS)
            assert not tool.failure, tool.failure
            assert isinstance(tool.process, subprocess.Popen)
            return Traced(-1, _until_the_end(tool.process, work))
        finally:
            tool.stop()
            shutil.rmtree(folder)

    return trace


def alone(_pid: int, work: Callable[[], object]) -> Traced:
    work()
    return Traced(0, 0.0)


def _until_the_end(process: subprocess.Popen[bytes], work: Callable[[], object]) -> float:
    """Let the traced process work, then end the tracer as ^C does; the CPU time that it used in between."""
    before = cpu_seconds(process.pid)
    work()
    os.kill(process.pid, signal.SIGINT)  # not send_signal, which would reap one that has ended with its target
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    used = cpu_seconds(process.pid) - before
    process.wait()
    return used
