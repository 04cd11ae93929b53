"""What ends a run, and when rows are stored and reported."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from agent.clock import boot_ns
from agent.runner import live as module
from agent.runner.batcher import Batcher
from agent.runner.channel import Channel
from agent.runner.found_targets import FoundTargets
from agent.runner.ledger import Ledger
from agent.runner.live import Live
from agent.runner.redact import Redactor
from agent.runner.signals import Termination
from agent.runner.spool import Spool
from agent.runner.targets import Targets
from proto.columnar import arrow_schema
from proto.v1 import stream_pb2 as pb
from proto.v1 import tool_pb2
from proto.v1.agent_pb2 import RunLimits, RunUpdate, Stop, Watch
from proto.v1.local_pb2 import RedactionRules, RunnerToWarden, WardenToRunner

HOUR_NS = 3600 * 1_000_000_000
COLUMNS = [tool_pb2.Column(name="time", type=tool_pb2.CTYPE_S64)]


class FakeReader:
    """Has ``rows`` to give out, of ``size`` bytes each, and ``later`` ones when those are taken."""

    stream = 0

    def __init__(self, rows: int, size: int = 1, later: int = 0) -> None:
        self.rows, self.size, self.later = rows, size, later

    def drain(self) -> int:
        return self.rows * self.size

    def waiting(self) -> int:
        return self.rows * self.size

    def take(self, *, final: bool) -> Iterator[pa.RecordBatch]:
        assert not final
        if self.rows:
            yield pa.RecordBatch.from_pylist([{"time": 1}] * self.rows, schema=arrow_schema(COLUMNS))
            self.rows, self.later = self.later, 0

    def close(self) -> None: ...


class FakeTermination(Termination):
    def __init__(self) -> None:
        self.descriptor, self.write = os.pipe()


class Stage:
    def __init__(self, folder: Path, reader: FakeReader, limits: RunLimits, deadline: int = 0) -> None:
        self.warden, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.termination = FakeTermination()
        streams = [pb.StreamSchema(name="rows", columns=COLUMNS)]
        redactor = Redactor(streams, RedactionRules())
        self.batcher = Batcher(b"r" * 16, streams, limits, Spool(folder, 0, os.getgid()), Ledger(), redactor)
        self.live = Live(
            b"r" * 16, Channel(theirs), [reader], self.batcher, self.termination, Targets(FoundTargets()), deadline
        )

    def tell(self, message: WardenToRunner) -> None:
        self.warden.send(message.SerializeToString())

    def reports(self) -> list[RunUpdate]:
        found = []
        self.warden.setblocking(False)
        while True:
            try:
                found.append(RunnerToWarden.FromString(self.warden.recv(1 << 20)).update)
            except BlockingIOError:
                return found


def stop(message: str = "") -> WardenToRunner:
    return WardenToRunner(stop=Stop(cause=pb.END_CAUSE_BUDGET, message=message))


def test_a_stop_ends_it_with_its_cause_and_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeReader(0), RunLimits())
    stage.tell(stop("too dear"))
    assert stage.live.run() == pb.RunEnd(cause=pb.END_CAUSE_BUDGET, message="too dear", ledger_known=True)


def test_the_deadline_ends_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeReader(0), RunLimits(duration_ms=120), boot_ns() + 120_000_000)
    start = time.monotonic()
    assert stage.live.run().message == "ended after 0.12 s, its limit"
    assert 0.11 < time.monotonic() - start < 10


def test_a_reached_limit_ends_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeReader(10), RunLimits(rows=4))
    assert stage.live.run().cause == pb.END_CAUSE_ROWS
    assert stage.batcher.rows == 4


def test_a_termination_and_a_lost_warden_end_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeReader(0), RunLimits())
    os.write(stage.termination.write, b"x")
    assert stage.live.run().message == "the agent was asked to stop"
    stage = Stage(tmp_path, FakeReader(0), RunLimits())
    stage.warden.close()
    assert stage.live.run().cause == pb.END_CAUSE_AGENT_STOPPED


@pytest.mark.parametrize(
    ("watched", "size", "interval_ns", "stored"),
    [
        pytest.param(False, 1, HOUR_NS, 3, id="later-rows-wait"),
        pytest.param(False, 1, 100_000_000, 6, id="until-the-interval-is-over"),
        pytest.param(True, 1, HOUR_NS, 6, id="or-somebody-watches"),
        pytest.param(False, 1 << 30, HOUR_NS, 6, id="or-they-are-many"),
    ],
)
def test_the_first_rows_are_stored_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watched: bool, size: int, interval_ns: int, stored: int
) -> None:
    monkeypatch.setattr(module, "FLUSH_NS", interval_ns)
    patience_ms = 30_000 if stored == 6 else 300  # the sixth row ends the run
    limits, deadline = RunLimits(rows=6, duration_ms=patience_ms), boot_ns() + patience_ms * 1_000_000
    stage = Stage(tmp_path, FakeReader(3, size, later=3), limits, deadline)
    if watched:
        stage.tell(WardenToRunner(watch=Watch(watched=True)))
    stage.live.run()
    assert stage.batcher.rows == stored
    assert stage.batcher.seq == stored / 3


def test_stored_rows_are_reported(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeReader(3), RunLimits(duration_ms=900), boot_ns() + 900_000_000)
    stage.live.run()
    first = next(report for report in stage.reports() if report.spooled_seq)
    assert (first.state, first.ledger.stored) == (RunUpdate.STATE_ATTACHED, 3)


def test_it_reports_once_a_second_when_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPORT_NS", 100_000_000)
    stage = Stage(tmp_path, FakeReader(0), RunLimits(duration_ms=1000), boot_ns() + 1_000_000_000)
    stage.live.run()
    assert 5 <= len(stage.reports()) <= 11


def test_a_full_disk_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeReader(0), RunLimits(duration_ms=400), boot_ns() + 400_000_000)
    stage.batcher.trouble = "this host's disk is full: free space in /spool"
    stage.live.run()
    assert [report.note for report in stage.reports() if report.note] == [stage.batcher.trouble]
    stage.batcher.trouble = ""
    stage.live.deadline = boot_ns() + 400_000_000
    stage.live.run()
    assert [report.note for report in stage.reports() if report.note] == [module.SPOOLS_AGAIN]
