"""What one event costs at each stage of its road, and how that grows with runs and with viewers.

python -m tests.bench.stages [EVENTS A SECOND] [SECONDS]

Counted over a stretch of steady events while every process is up: what a start costs is not in it. The viewers' own CPU
is not counted, and what decoding costs a browser is a figure of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from uuid import UUID

import pyarrow as pa

from agent.runner.spool import Spool
from agent.warden.meters import process_cpu_ns
from proto.columnar import BodyDecoder, encode_body
from proto.frame import Frame, decode, encode
from server.ingest.check import check_frame
from server.tracing.store import SegmentStore
from tests.bench.store import opensnoop_mix
from tests.e2e.stack import Stack, eventually, own_stack
from tests.faults.counted import process, runner_of
from tests.faults.sockets import Reader, cookie_of
from tests.server.tracing.rows import EVENTS
from tests.workloads.compiled import build, running

RUNS, VIEWERS = (1, 4, 16), (0, 1, 10, 50)
SETTLE_SECONDS = 3.0
BATCHES = 20


@dataclass(frozen=True, slots=True)
class Spent:
    """Cumulative ns; ``runner`` reads, encodes and spools, ``link`` sends, ``server`` checks, appends and shows."""

    rows: int
    bpf: int
    runner: int
    link: int
    warden: int
    server: int

    def each(self, before: Spent) -> dict[str, float]:
        """Microseconds for an event since then."""
        rows = self.rows - before.rows
        costs = {f.name: getattr(self, f.name) - getattr(before, f.name) for f in fields(self) if f.name != "rows"}
        return {f"{name}_us": round(cost / rows / 1000, 4) for name, cost in costs.items()} | {"events": rows}


def spent(stack: Stack, sessions: list[str]) -> Spent:
    runs = [stack.session(session)["runs"][0] for session in sessions]
    return Spent(
        sum(run["rows"] for run in runs),
        sum(int(run["cost"].get("bpf_run_ns", 0)) for run in runs),
        sum(process_cpu_ns(runner_of(stack, run["id"])) for run in runs),
        *(process_cpu_ns(process(stack, module)) for module in ("agent.link", "agent.cli", "server")),
    )


@contextmanager
def traced(stack: Stack, program: Path, runs: int, rate: int, seconds: float) -> Iterator[list[str]]:
    """So many sessions, each on a program of its own; all of them together make ``rate`` events a second."""
    count = int(rate / runs * (seconds + 60))
    with ExitStack() as open_programs:
        busy = [open_programs.enter_context(running(program, count, rate / runs)) for _ in range(runs)]
        sessions = [stack.detach("opensnoop", "--pid", str(one.pid), "--duration", "600s") for one in busy]
        for one in busy:
            one.go()
        yield sessions
    for session in sessions:
        stack.wait_ended(session, 120)


def measured(stack: Stack, sessions: list[str], seconds: float) -> dict[str, float]:
    eventually(lambda: all(stack.session(session)["rows"] for session in sessions), 60, "rows of every run")
    time.sleep(SETTLE_SECONDS)
    before = spent(stack, sessions)
    time.sleep(seconds)
    return spent(stack, sessions).each(before)


def with_runs(stack: Stack, program: Path, runs: int, rate: int, seconds: float) -> dict[str, float]:
    with traced(stack, program, runs, rate, seconds) as sessions:
        return measured(stack, sessions, seconds)


def with_viewers(stack: Stack, program: Path, viewers: int, rate: int, seconds: float) -> dict[str, float]:
    with traced(stack, program, 1, rate, seconds) as (session,):
        cookie = cookie_of(stack, f"viewers-{viewers}")
        reading = [Reader(stack, session, cookie, draws=True) for _ in range(viewers)]
        found = measured(stack, [session], seconds)
        for reader in reading:
            reader.close()
    return {"server_us": found["server_us"], "events": found["events"]}


def alone() -> dict[str, float]:
    """Each stage by itself, on the same batches, in this process."""
    frames = [decode(raw) for raw in opensnoop_mix(BATCHES * 65_536)][:-1]
    decoder = BodyDecoder(EVENTS)
    rows = [decoder.decode(frame.body, frame.head.body_size) for frame in frames]
    with tempfile.TemporaryDirectory() as folder:
        store, spool = SegmentStore(Path(folder) / "store"), Spool(Path(folder), 0, 0)
        stages: dict[str, Callable[[], object]] = {
            "encode": lambda: [_encoded(frame, batch) for frame, batch in zip(frames, rows, strict=True)],
            "spool": lambda: _spooled(spool, frames),
            "check": lambda: _checked(decoder, frames),
            "append": lambda: _appended(store, frames),
        }
        return {f"{name}_us": round(_cpu(stage) / sum(map(len, rows)) * 1e6, 4) for name, stage in stages.items()}


def _encoded(frame: Frame, batch: pa.RecordBatch) -> bytes:
    body, _ = encode_body(batch)
    return encode(frame.head, body)


def _spooled(spool: Spool, frames: list[Frame]) -> None:
    for frame in frames:
        spool.append(frame.head.seq, frame.raw)
    spool.close()


def _checked(decoder: BodyDecoder, frames: list[Frame]) -> None:
    for frame in frames:
        check_frame(decode(frame.raw), [decoder])


def _appended(store: SegmentStore, frames: list[Frame]) -> None:
    for frame in frames:
        store.append(UUID(int=1), UUID(int=2), [frame])


def _cpu(stage: Callable[[], object]) -> float:
    began = time.process_time()
    stage()
    return time.process_time() - began


def allow(stack: Stack, runs: int) -> None:
    """The host's owner lets so many runs live at once."""
    policy = stack.data / "agent/policy.toml"
    policy.write_text(policy.read_text().replace("[limits]", f"[limits]\nruns = {runs}"))


def tell(name: str, figures: dict[str, float]) -> None:
    print(json.dumps({"bench": f"stages.{name}", **figures}), flush=True)


def on_own_server(measure: Callable[[Stack, Path], dict[str, float]]) -> dict[str, float]:
    """What a server still does with the rows of an earlier measurement is in none."""
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        program = build("burst.c", Path(folder))
        allow(stack, max(RUNS))
        stack.wait_online()
        return measure(stack, program)


def main(rate: int, seconds: int) -> None:
    tell("alone", alone())
    for runs in RUNS:
        found = on_own_server(partial(with_runs, runs=runs, rate=rate, seconds=seconds))
        tell(f"{runs} runs", {"events_per_second": rate, **found})
    for viewers in VIEWERS:
        found = on_own_server(partial(with_viewers, viewers=viewers, rate=rate, seconds=seconds))
        tell(f"{viewers} viewers", {"events_per_second": rate, **found})


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [20_000, 20][len(given) :]))
