"""A run while its probes are attached: read, store, tell the warden, and notice why it must end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.clock import boot_ns
from agent.runner.batcher import Batcher
from agent.runner.channel import Channel, WardenGone
from agent.runner.ends import agent_stopped, limit_reached, run_end
from agent.runner.readers import Reader
from agent.runner.signals import Termination
from agent.runner.targets import Targets
from proto.v1 import agent_pb2, stream_pb2
from proto.v1.local_pb2 import RunnerToWarden, WardenToRunner

MS = 1_000_000
PAUSE_IDLE = 0.050
PAUSE_WATCHED = 0.025
PAUSE_BUSY = 0.010
BUSY_BYTES = 512 * 1024
FLUSH_BYTES = 6 * 1024 * 1024
FLUSH_NS = 250 * MS
REPORT_NS = 1000 * MS
SPOOLS_AGAIN = "this host stores rows again; what was lost meanwhile is in the ledger"
FAMILY_FULL = "more than 65,536 processes at a time were to be followed; follow fewer, or filter by container"


@dataclass(slots=True)
class Live:
    """``deadline`` is a boot clock time, 0: none."""

    run_id: bytes
    channel: Channel
    readers: Sequence[Reader]
    batcher: Batcher
    termination: Termination
    targets: Targets
    deadline: int
    watched: bool = False
    _flushed: int = field(default_factory=boot_ns)
    _reported: int = 0
    _reported_seq: int = 0
    _trouble: str = ""

    def run(self) -> stream_pb2.RunEnd:
        """Until something ends it; then the probes are still attached."""
        end = None
        while end is None:
            moved = sum(reader.drain() for reader in self.readers)
            self._flush()
            try:
                end = self._limit() or self._report_and_wait(moved)
            except WardenGone as error:
                end = agent_stopped(f"the agent stopped: {error}")
        return end

    def report(self, state: agent_pb2.RunUpdate.State, end: stream_pb2.RunEnd | None = None) -> None:
        """Raises WardenGone."""
        update = self.update(state, end)
        update.note = self._remark()
        self.channel.send(RunnerToWarden(update=update))
        self._reported, self._reported_seq = boot_ns(), self.batcher.spool.durable

    def update(self, state: agent_pb2.RunUpdate.State, end: stream_pb2.RunEnd | None = None) -> agent_pb2.RunUpdate:
        return agent_pb2.RunUpdate(
            run_id=self.run_id,
            state=state,
            end=end,
            ledger=self.batcher.ledger.message(),
            cost=stream_pb2.Cost(runner_cpu_ns=time.process_time_ns()),
            spooled_seq=self.batcher.spool.durable,
        )

    def store(self, *, final: bool) -> None:
        for reader in self.readers:
            for batch in reader.take(final=final):
                self.batcher.write(reader.stream, batch)

    def _flush(self) -> None:
        """The first rows at once: somebody waits for them."""
        now, waiting = boot_ns(), max(reader.waiting() for reader in self.readers)
        first = waiting and not self.batcher.seq
        if waiting >= FLUSH_BYTES or first or self.watched or now - self._flushed >= FLUSH_NS:
            self.store(final=False)
            self._flushed = now

    def _limit(self) -> stream_pb2.RunEnd | None:
        if self.batcher.reached:
            return limit_reached(self.batcher.reached, self.batcher.limits)
        if self.deadline and boot_ns() >= self.deadline:
            return limit_reached(stream_pb2.END_CAUSE_DURATION, self.batcher.limits)
        return None

    def _report_and_wait(self, moved: int) -> stream_pb2.RunEnd | None:
        """What becomes durable meanwhile is reported at once, and does not cut the pause short."""
        syncer, until = self.batcher.spool.syncer, time.monotonic() + self._pause(moved)
        descriptors = [self.termination.descriptor, syncer.descriptor, *self.targets.descriptors]
        while True:
            if end := self._report_when_due():
                return end
            message, ready = self.channel.wait(max(until - time.monotonic(), 0), descriptors)
            if syncer.descriptor not in ready:
                return self._end_by(message, ready)
            syncer.heard()
            ready.remove(syncer.descriptor)
            if message or ready:
                return self._end_by(message, ready)

    def _remark(self) -> str:
        """While rows cannot be stored every report says so; the first one after that says that they can again."""
        before, self._trouble = self._trouble, self.batcher.trouble
        return self._trouble or (SPOOLS_AGAIN if before else "")

    def _report_when_due(self) -> stream_pb2.RunEnd | None:
        same = self.batcher.spool.durable == self._reported_seq and self.batcher.trouble == self._trouble
        if same and boot_ns() - self._reported < REPORT_NS:
            return None
        self.batcher.ledger.read_kernel()
        self.report(agent_pb2.RunUpdate.STATE_ATTACHED)
        return self._targets_end()

    def _end_by(self, message: WardenToRunner | None, ready: Sequence[int]) -> stream_pb2.RunEnd | None:
        if self.termination.descriptor in ready:
            return agent_stopped("the agent was asked to stop")
        if ready and (end := self._targets_end()):
            return end
        return self._handle(message) if message else None

    def _targets_end(self) -> stream_pb2.RunEnd | None:
        if why := self.targets.unhidden():
            return run_end(stream_pb2.END_CAUSE_SWITCHED_OFF, why)
        if why := self.targets.over():
            return run_end(stream_pb2.END_CAUSE_TARGET_EXITED, why)
        if self.targets.family and self.targets.family.full():
            return run_end(stream_pb2.END_CAUSE_FAILED, FAMILY_FULL)
        return None

    def _handle(self, message: WardenToRunner) -> stream_pb2.RunEnd | None:
        match message.WhichOneof("message"):
            case "stop":
                return run_end(message.stop.cause or stream_pb2.END_CAUSE_STOPPED, message.stop.message or "stopped")
            case "watch":
                self.watched = message.watch.watched
        return None

    def _pause(self, moved: int) -> float:
        """Seconds until the next look: short enough that no ring fills up, long enough to cost next to nothing."""
        if moved >= FLUSH_BYTES:
            return 0  # there may be more already
        pause = PAUSE_BUSY if moved >= BUSY_BYTES else PAUSE_WATCHED if self.watched else PAUSE_IDLE
        if self.deadline:
            pause = min(pause, max(self.deadline - boot_ns(), 0) / 1e9)
        return pause
