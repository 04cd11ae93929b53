"""kill -9 of a runner: the warden closes the books from the counters that it holds, and nothing stays attached."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from agent.kernel.counters import Counters
from agent.warden import crash
from agent.warden.crash import CrashCloser
from agent.warden.loop import Loop
from agent.warden.run_folder import RunFolder
from proto import frame
from proto.v1.agent_pb2 import Filters, RunLimits, RunUpdate
from proto.v1.stream_pb2 import BatchHead, EndCause, Ledger, LossCause, RunEnd
from tests.agent.support.commands import envelope
from tests.agent.support.host import AgentHost, kill_nine
from tests.e2e.processes import bpf_objects, loaded, perf_attached
from tests.waiting import wait_for
from tests.workloads.spawn import workload

RUN = b"\x07" * 16
DIED = RunEnd(cause=EndCause.END_CAUSE_RUNNER_DIED, message="its runner died: signal SIGKILL", ledger_known=True)


class Standing:
    """Counters that still move for a while."""

    def __init__(self, *seen: int) -> None:
        self._seen = list(seen)

    def counters(self) -> Counters:
        return Counters(self._seen.pop(0) if len(self._seen) > 1 else self._seen[0], {})


def _close(folder: RunFolder, meters: object, reported: Ledger | None = None) -> RunUpdate:
    loop, done = Loop(), []

    def finished(update: RunUpdate) -> None:
        done.append(update)
        loop.stop()

    closer = CrashCloser(loop, folder, meters, reported or Ledger(), 0, finished)  # type: ignore[arg-type]
    loop.call_later(0, lambda: closer.close(DIED))
    loop.call_later(5, loop.stop)
    loop.run()
    assert len(done) == 1
    return done[0]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path, RUN)
    folder.create(b"", 0)
    return folder


def _spool(folder: RunFolder, *heads: BatchHead) -> None:
    (folder.spool / "000000000001.frames").write_bytes(b"".join(frame.encode(head) for head in heads) + b"FSF1torn")


def test_counters_count_once_they_stand_still(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "SETTLE_SECONDS", 0.001)
    _spool(folder, BatchHead(run_id=RUN, seq=1, rows=5, ledger=Ledger(seen=5, stored=5)))
    update = _close(folder, Standing(7, 8, 9, 9))
    assert update.ledger.seen == 9
    assert [(loss.cause, loss.events) for loss in update.ledger.lost] == [(LossCause.LOSS_CAUSE_CRASH, 4)]
    tail = folder.tail()
    assert tail is not None and tail.torn == 0
    assert (tail.head.seq, tail.head.end, tail.head.ledger) == (2, DIED, update.ledger)
    assert (update.state, update.spooled_seq) == (RunUpdate.STATE_ENDED, 2)


def test_the_runners_own_end_is_respected(folder: RunFolder) -> None:
    own = RunEnd(cause=EndCause.END_CAUSE_ROWS, message="done", ledger_known=True)
    _spool(folder, BatchHead(run_id=RUN, seq=1, end=own, ledger=Ledger(seen=3, stored=3)))
    assert _close(folder, Standing(99)).end == own


def test_a_run_that_never_attached_counted_nothing(folder: RunFolder) -> None:
    update = _close(folder, None)
    assert update.end == DIED
    assert (update.ledger, update.spooled_seq) == (Ledger(), 1)


def test_books_that_contradict_each_other_are_not_closed(folder: RunFolder) -> None:
    _spool(folder, BatchHead(run_id=RUN, seq=1, rows=5, ledger=Ledger(seen=5, stored=5)))
    update = _close(folder, Standing(3))
    assert not update.end.ledger_known
    assert "do not close" in update.end.message


def test_a_full_disk_is_tried_again(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "RETRY_SECONDS", 0.01)
    append, refusals = folder.append_end, iter([OSError(28, "No space left on device")] * 3)

    def full(head: BatchHead, gid: int) -> None:
        for refusal in refusals:
            raise refusal
        append(head, gid)

    monkeypatch.setattr(folder, "append_end", full)
    assert _close(folder, Standing(4)).spooled_seq == 1
    tail = folder.tail()
    assert tail is not None and tail.head.ledger.seen == 4


class Gone:
    def counters(self) -> Counters:
        raise OSError("bad descriptor")


def test_counters_that_cannot_be_read_are_unknown(folder: RunFolder) -> None:
    assert not _close(folder, Gone()).end.ledger_known


@pytest.mark.kernel
@pytest.mark.parametrize("rate", [2000, 1_000_000])
def test_a_killed_runner_leaves_nothing_and_its_books_close(host: AgentHost, rate: int) -> None:
    with workload("open_paths.py", 1_000_000, rate, "/nonexistent/crash-") as busy:
        start = envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=RunLimits(budget_permille=1000))
        run_id = host.begin(start)
        objects = bpf_objects(host.runner(run_id))
        programs = {number for kind, number in objects if kind == "prog"}
        assert objects <= loaded() and programs & perf_attached()
        busy.go()
        wait_for(lambda: len(host.server.frames.get(run_id, [])) > 3, 20, "frames before the kill")
        kill_nine(host.runner(run_id))
        end = host.server.wait_for_end(run_id, 10).head
        wait_for(lambda: not objects & loaded(), 5, "BPF objects gone")
    assert not programs & perf_attached()
    assert end.end.cause == EndCause.END_CAUSE_RUNNER_DIED
    assert "SIGKILL" in end.end.message
    assert end.end.ledger_known
    stored = sum(one.head.hits for one in host.server.frames[run_id])
    assert end.ledger.stored == stored > 0
    assert end.ledger.seen == stored + sum(loss.events for loss in end.ledger.lost)
    assert [one.head.seq for one in host.server.frames[run_id]] == list(range(1, end.seq + 1))


@pytest.mark.kernel
def test_a_runner_that_does_not_stop_is_made_to(host: AgentHost) -> None:
    with workload("open_paths.py", 10, 1000, "/nonexistent/stuck-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        runner = host.runner(run_id)
        os.kill(runner, signal.SIGSTOP)
        host.server.send(stop={"run_id": run_id, "cause": EndCause.END_CAUSE_STOPPED, "message": "stopped by ada"})
        end = host.server.wait_for_end(run_id, 20).head
    assert end.end.cause == EndCause.END_CAUSE_STOPPED
    assert end.end.message == "stopped by ada (its runner did not end by itself: signal SIGKILL)"
    assert end.ledger.seen == end.ledger.stored + sum(loss.events for loss in end.ledger.lost)
