"""One live run: relays what its runner says, keeps it within its limits, and closes its books if the runner cannot."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from agent.clock import SECOND, boot_ns, wall_ns
from agent.warden import child
from agent.warden.budget import Budget
from agent.warden.consent import Agreed
from agent.warden.crash import CrashCloser
from agent.warden.envelope import Command
from agent.warden.loop import Loop
from agent.warden.memory import look_again
from agent.warden.meters import Meters, process_cpu_ns
from agent.warden.run_folder import RunFolder
from agent.warden.runner import Runner
from proto.v1.agent_pb2 import ResolvedTargets, RunLimits, RunUpdate, Stop, Watch
from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden
from proto.v1.stream_pb2 import Cost, EndCause, RunEnd

ATTACH_SECONDS = 180  # a compile takes 15 s on a slow guest
GRACE_SECONDS = 2  # the runner ends itself; the warden is the second line
END_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class RunEvents:
    """Whom a run tells: the update to send, whom it turned out to be about, the seq that is on disk, that it is over
    with its end frame spooled, and that its process is gone.
    """

    update: Callable[[RunUpdate], None]
    targets: Callable[[Run, ResolvedTargets], None]
    spooled: Callable[[bytes, int], None]
    over: Callable[[Run], None]
    gone: Callable[[Run], None]


class Run:
    def __init__(self, loop: Loop, command: Command, folder: RunFolder, budget: Budget, events: RunEvents) -> None:
        self._loop, self._budget, self._events = loop, budget, events
        self.command, self.folder = command, folder
        self.agreed: Agreed | None = None
        self.state = RunUpdate(run_id=command.run_id, state=RunUpdate.STATE_ACCEPTED)
        self.started_ns, self.started_wall_ns = boot_ns(), wall_ns()
        self._limits = RunLimits()
        self._memory_limit = 0
        self._meters: Meters | None = None
        self._stop: Stop | None = None
        self._changed = self._closing = False

    @property
    def run_id(self) -> bytes:
        return self.command.run_id

    @property
    def over(self) -> bool:
        return self.state.state == RunUpdate.STATE_ENDED

    @property
    def stopping(self) -> bool:
        return self._stop is not None

    @property
    def runner_pid(self) -> int:
        return self._runner.pid

    @property
    def attached(self) -> bool:
        return self.state.state == RunUpdate.STATE_ATTACHED

    def start(self, config: RunnerConfig, memory_limit: int, note: str) -> None:
        """Spawn the runner. Raises OSError."""
        self._limits, self._memory_limit = config.limits, memory_limit
        self._gid = config.spool_gid
        self._runner = Runner(self._loop, self._message, self._exited)
        try:
            self.folder.mark_runner(child.mark(self._runner.pid))
        except OSError:
            self.state.state = RunUpdate.STATE_ENDED
            self._runner.kill()
            raise
        self._runner.configure(config)
        self._guard_memory()
        self.report(note)

    def stop(self, cause: EndCause, message: str) -> None:
        """The first cause counts."""
        if self._stop is None and not self.over:
            self._stop = Stop(run_id=self.run_id, cause=cause, message=message)
            self._runner.stop(self._stop)

    def watch(self, watch: Watch) -> None:
        if not self.over:
            self._runner.watch(watch)

    def targets_recorded(self) -> None:
        """It may attach."""
        self._runner.targets_recorded()

    def kill(self) -> None:
        self._runner.kill()

    def report(self, note: str = "") -> None:
        """Everything known so far: also what a server that was away needs to hear."""
        self._changed = False
        update = RunUpdate()
        update.CopyFrom(self.state)
        update.note = note
        self._events.update(update)

    def tick(self) -> None:
        """A few times a second: limits, cost, and the progress that is not worth a message of its own."""
        if self.over:
            return
        self._check_deadline()
        if self.attached:
            self._check_budget()
        if self._changed:
            self._report_progress()

    def _report_progress(self) -> None:
        self._changed = False
        update = RunUpdate()
        update.CopyFrom(self.state)
        update.ClearField("schema")
        update.ClearField("listing")
        update.ClearField("targets")
        self._events.update(update)

    def _check_deadline(self) -> None:
        age = (boot_ns() - (self.state.boot_ns if self.attached else self.started_ns)) / SECOND
        if not self.attached and age > ATTACH_SECONDS:
            self.stop(EndCause.END_CAUSE_FAILED, f"did not attach within {ATTACH_SECONDS} s")
        elif self.attached and self._limits.duration_ms and age > self._limits.duration_ms / 1000 + GRACE_SECONDS:
            self.stop(EndCause.END_CAUSE_DURATION, f"ended after its {self._limits.duration_ms / 1000:g} s")

    def _guard_memory(self) -> None:
        """Apart from ticks: what grows fast is looked at more often."""
        if self.over:
            return
        used = self._runner.memory_bytes()
        if used <= self._memory_limit:
            self._loop.call_later(look_again(used, self._memory_limit), self._guard_memory)
        else:
            self._stop = self._stop or Stop(
                cause=EndCause.END_CAUSE_RUNNER_DIED,
                message=f"its runner used {used >> 20} MB of memory, more than the {self._memory_limit >> 20} MB "
                "that this host's policy allows",
            )
            self._runner.kill()

    def _check_budget(self) -> None:
        if self._meters is None:
            return
        self._measure(self._meters)
        if why := self._budget.exceeded():
            self.stop(EndCause.END_CAUSE_BUDGET, why)
        elif warning := self._budget.warning():
            self.report(warning)

    def _measure(self, meters: Meters) -> None:
        try:
            work, runner_ns = meters.work(), process_cpu_ns(self._runner.pid)
        except OSError:
            return  # its exit is on the way
        self._budget.add(boot_ns(), work, runner_ns)
        self.state.cost.CopyFrom(
            Cost(
                host_percent=self._budget.percent,
                bpf_run_ns=work.bpf_ns,
                bpf_runs=work.bpf_runs,
                runner_cpu_ns=runner_ns,
            )
        )
        self._changed = True

    def _message(self, message: RunnerToWarden, descriptors: list[int]) -> None:
        update = message.update
        if self.over or self._closing or update.run_id not in (b"", self.run_id):
            _close_all(descriptors)
            return
        if descriptors:
            self._hold(message, descriptors)
        if update.state == RunUpdate.STATE_ENDED:
            self.state.listing = update.listing or self.state.listing
            self._close(update.end)
            return
        if update.HasField("targets") and not self.state.HasField("targets"):
            self._events.targets(self, update.targets)
        changed_state = update.state not in (RunUpdate.STATE_UNSPECIFIED, self.state.state)
        _merge(self.state, update)
        self._changed = True
        if update.spooled_seq:
            self._events.spooled(self.run_id, update.spooled_seq)
        if changed_state or update.note or update.listing or update.HasField("targets"):
            self.report(update.note)

    def _hold(self, message: RunnerToWarden, descriptors: list[int]) -> None:
        if self._meters is not None or len(descriptors) != len(message.program_types) + 1:
            _close_all(descriptors)
            self._runner.kill()
            return
        self._meters = Meters(descriptors[0], descriptors[1:], list(message.program_types))

    def _finish(self) -> None:
        if self._meters is not None:
            self._measure(self._meters)
            self._meters.close()
            self._meters = None
        self._runner.expect_exit(END_SECONDS)
        self.report()
        self._events.over(self)

    def _exited(self, how: str) -> None:
        if not self.over and not self._closing:
            self._close(self._died(how))
        self._events.gone(self)

    def _close(self, end: RunEnd) -> None:
        """What counts is the end frame on the spool; where the runner wrote none, one is added."""
        self._closing = True
        closer = CrashCloser(self._loop, self.folder, self._meters, self.state.ledger, self._gid, self._closed)
        closer.close(end)

    def _died(self, how: str) -> RunEnd:
        if self._stop is None:
            message = f"its runner died: {how}"
            return RunEnd(cause=EndCause.END_CAUSE_RUNNER_DIED, message=message, ledger_known=True)
        message = f"{self._stop.message} (its runner did not end by itself: {how})"
        return RunEnd(cause=self._stop.cause, message=message, ledger_known=True)

    def _closed(self, final: RunUpdate) -> None:
        """The crash closer is done."""
        _merge(self.state, final)
        self._finish()


def _merge(into: RunUpdate, update: RunUpdate) -> None:
    """Newer values replace older ones whole; what is not set stays."""
    for field, value in update.ListFields():
        if field.name == "note" or field.name == "cost":
            continue
        if field.message_type is None:
            setattr(into, field.name, value)
        else:
            getattr(into, field.name).CopyFrom(value)


def _close_all(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
