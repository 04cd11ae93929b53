"""kill -9 of the warden: its runners close their own books, the next warden closes what is left open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.warden import child, recovery
from agent.warden.loop import Loop
from agent.warden.recovery import Recovery
from agent.warden.run_folder import RunFolder, RunnerMark
from proto import frame
from proto.v1.agent_pb2 import Filters, RunLimits
from proto.v1.stream_pb2 import BatchHead, EndCause, Ledger, RunEnd
from tests.agent.support.commands import envelope
from tests.agent.support.host import AgentHost, is_gone, kill_nine
from tests.e2e.processes import bpf_objects, loaded
from tests.waiting import wait_for
from tests.workloads.spawn import workload

RUN = b"\x09" * 16


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path, RUN)
    folder.create(b"", 0)
    return folder


def _take_over(folder: RunFolder, seconds: float = 5) -> BatchHead:
    loop, done = Loop(), []

    def finished(_: RunFolder, head: BatchHead) -> None:
        done.append(head)
        loop.stop()

    taken = Recovery(loop, 0, finished)
    loop.call_later(0, lambda: taken.take_over(folder))
    loop.call_later(seconds, loop.stop)
    loop.run()
    assert len(done) == 1
    return done[0]


def test_a_spool_without_an_end_gets_one_that_says_what_is_not_known(folder: RunFolder) -> None:
    head = BatchHead(run_id=RUN, seq=4, rows=3, first_row=9, ledger=Ledger(seen=12, stored=12))
    (folder.spool / "000000000004.frames").write_bytes(frame.encode(head) + b"torn")
    last = _take_over(folder)
    assert (last.seq, last.first_row, last.ledger.stored) == (5, 12, 12)
    assert last.end.cause == EndCause.END_CAUSE_AGENT_STOPPED
    assert not last.end.ledger_known
    tail = folder.tail()
    assert tail is not None and tail.head == last and tail.torn == 0


def test_the_runners_own_end_stays(folder: RunFolder) -> None:
    head = BatchHead(run_id=RUN, seq=1, end=RunEnd(message="done"))
    (folder.spool / "000000000001.frames").write_bytes(frame.encode(head))
    assert _take_over(folder) == head


def test_a_folder_that_was_never_finished_can_be_closed(tmp_path: Path) -> None:
    bare = RunFolder(tmp_path, RUN)
    bare.path.mkdir()
    assert _take_over(bare).seq == 1


def test_a_living_runner_is_waited_for_and_then_ended(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "WAIT_SECONDS", 0.3)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as runner:
        folder.mark_runner(child.mark(runner.pid))
        loop = Loop()
        done: list[BatchHead] = []
        taken = Recovery(loop, 0, lambda _, head: done.append(head))
        taken.take_over(folder)
        loop.call_later(0.2, loop.stop)
        loop.run()
        assert runner.poll() is None and done == []
        loop.every(0.05, lambda: loop.stop() if runner.poll() is not None and done else None)
        loop.call_later(5, loop.stop)
        loop.run()
        assert runner.wait(0) == -9
    assert len(done) == 1


def test_another_process_with_the_runners_pid_is_left_alone(folder: RunFolder) -> None:
    folder.mark_runner(RunnerMark(child.boot_id(), os.getpid(), child.mark(os.getpid()).start_ticks - 1))
    assert _take_over(folder).seq == 1


@pytest.mark.kernel
def test_a_killed_warden_takes_everything_along_and_the_next_one_sends_the_rest(host: AgentHost) -> None:
    with workload("open_paths.py", 1_000_000, 4000, "/nonexistent/killed-warden-") as busy:
        start = envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=RunLimits(budget_permille=1000))
        run_id = host.begin(start)
        runner, link = host.runner(run_id), host.status()["link_pid"]
        objects = bpf_objects(runner)
        assert objects <= loaded()
        busy.go()
        wait_for(lambda: len(host.server.frames.get(run_id, [])) > 3, 20, "frames before the kill")
        host.kill()
        wait_for(lambda: is_gone(link), 2, "the link gone")
        wait_for(lambda: is_gone(runner) and not objects & loaded(), 5, "runner and BPF objects gone")
        host.start()
    end = host.server.wait_for_end(run_id, 10).head
    assert end.end.cause == EndCause.END_CAUSE_AGENT_STOPPED
    assert end.end.ledger_known, "the runner closed its own books"
    stored = sum(one.head.hits for one in host.server.frames[run_id])
    assert end.ledger.stored == stored > 0
    assert end.ledger.seen == stored + sum(loss.events for loss in end.ledger.lost)
    assert [entry["event"] for entry in host.audit()] == ["start", "targets", "end"]
    wait_for(lambda: not list(host.paths.runs.iterdir()), 5, "the folder gone")


@pytest.mark.kernel
def test_when_warden_and_runner_die_the_session_says_that_it_does_not_know(host: AgentHost) -> None:
    with workload("open_paths.py", 1_000_000, 4000, "/nonexistent/killed-both-") as busy:
        start = envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=RunLimits(budget_permille=1000))
        run_id = host.begin(start)
        busy.go()
        wait_for(lambda: len(host.server.frames.get(run_id, [])) > 3, 20, "frames before the kill")
        runner = host.runner(run_id)
        kill_nine(host.process.pid if host.process else 0)
        kill_nine(runner)
        host.kill()
        host.start()
    end = host.server.wait_for_end(run_id, 10).head
    assert end.end.cause in (EndCause.END_CAUSE_AGENT_STOPPED, EndCause.END_CAUSE_RUNNER_DIED)
    assert not end.end.ledger_known
    assert [one.head.seq for one in host.server.frames[run_id]] == list(range(1, end.seq + 1))
