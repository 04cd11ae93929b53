"""The live runs of this host: started through the gate, kept within their limits, told to stop."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.config import AgentPaths
from agent.kernel import bpf_syscall
from agent.warden.audit import AuditError
from agent.warden.budget import Budget
from agent.warden.envelope import Refused, claimed_run
from agent.warden.gate import Accepted, Gate
from agent.warden.headers import Headers
from agent.warden.kept_keys import KeptKeys
from agent.warden.loop import Loop
from agent.warden.power import Power
from agent.warden.run import Run, RunEvents
from agent.warden.run_folder import RunFolder
from agent.warden.spools import Spools
from agent.warden.sweep import sweep
from proto.v1.agent_pb2 import Envelope, Refusal, ResolvedTargets, RunUpdate, SignedEnvelope, Watch
from proto.v1.local_pb2 import RunnerConfig
from proto.v1.stream_pb2 import EndCause, RunEnd

log = logging.getLogger(__name__)

WAITING_MAX = 100
TICK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Host:
    """What every run needs to know of where it runs. ``supervisor``: of a server on this host, which is not traced with
    all that it starts unless somebody asks for one of them; 0: none."""

    host_id: str
    paths: AgentPaths
    gid: int
    cpus: int
    variant: Callable[[str], str]
    own_pids: Callable[[], list[int]]
    supervisor: int
    headers: Headers
    prices: Mapping[int, int]
    kept_keys: KeptKeys


@dataclass(frozen=True, slots=True)
class Outbox:
    """To the server, by way of link."""

    update: Callable[[RunUpdate], None]
    refusal: Callable[[Refusal], None]


class Runs:
    def __init__(self, loop: Loop, host: Host, gate: Gate, power: Power, spools: Spools, outbox: Outbox) -> None:
        self._loop, self._host, self._gate, self._power = loop, host, gate, power
        self._spools, self._outbox = spools, outbox
        self._live: dict[bytes, Run] = {}
        self._processes: set[Run] = set()
        self._waiting: list[SignedEnvelope] = []
        self._statistics: int | None = None
        self._ticking = False

    @property
    def live(self) -> list[Run]:
        return list(self._live.values())

    @property
    def idle(self) -> bool:
        """No run is live and no runner process is left."""
        return not self._live and not self._processes

    def start(self, signed: SignedEnvelope) -> None:
        """Start or refuse; either way the server hears of it. Waits while the kernel headers are being made."""
        if not self._host.headers.known and len(self._waiting) < WAITING_MAX:
            self._waiting.append(signed)
            return
        try:
            accepted = self._gate.accept(signed, len(self._live))
        except Refused as refusal:
            self.refuse(claimed_run(signed, self._host.host_id), str(refusal))
            return
        try:
            self._launch(accepted, signed)
        except OSError as error:
            self._give_up(accepted.command.run_id, f"this host cannot start a runner: {error}")

    def _give_up(self, run_id: bytes, why: str) -> None:
        """It is on record as started, so it must be on record as ended too."""
        RunFolder(self._host.paths.runs, run_id).remove()
        end = RunEnd(cause=EndCause.END_CAUSE_FAILED, message=why)
        try:
            self._gate.ended(RunUpdate(run_id=run_id, end=end))
        except AuditError as error:
            log.error("end of run %s is not on record: %s", run_id.hex(), error)
        self.refuse(run_id, why)

    def start_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for signed in waiting:
            self.start(signed)

    def refuse(self, run_id: bytes, reason: str) -> None:
        log.warning("start of run %s refused: %s", run_id.hex() or "unknown", reason)
        if run_id:
            self._outbox.refusal(Refusal(run_id=run_id, reason=reason))

    def stop(self, run_id: bytes, cause: EndCause, message: str) -> None:
        run = self._live.get(run_id)
        if run is None or run.stopping:
            return
        try:
            self._gate.asked_to_stop(run.command, cause, message)
        except AuditError as error:
            log.error("stop is not on record: %s", error)
        run.stop(cause, message)

    def stop_all(self, cause: EndCause, message: str) -> None:
        for run_id in list(self._live):
            self.stop(run_id, cause, message)

    def keep_only(self, run_ids: set[bytes]) -> None:
        """The server named the runs that may live."""
        for run_id in set(self._live) - run_ids:
            self.stop(run_id, EndCause.END_CAUSE_STOPPED, "the server does not know this run any more")

    def watch(self, watch: Watch) -> None:
        run = self._live.get(watch.run_id)
        if run is not None:
            run.watch(watch)

    def watch_none(self) -> None:
        """Nobody sees what is stored now, and a few large batches arrive sooner than many small ones. A server that
        comes back says who watches.
        """
        for run_id in self._live:
            self.watch(Watch(run_id=run_id, watched=False))

    def unwanted(self, run_id: bytes, reason: str) -> None:
        """The server will not take the run's rows."""
        self.stop(run_id, EndCause.END_CAUSE_STOPPED, f"the server refused its rows: {reason}")
        if run_id not in self._live:
            self._spools.drop(run_id)

    def record_end(self, folder: RunFolder, state: RunUpdate) -> None:
        """Once, restarts included."""
        if folder.recorded:
            return
        try:
            self._host.kept_keys.ended(folder.run_id)
            self._gate.ended(state)
            folder.mark_recorded()
        except (AuditError, OSError) as error:
            log.error("end of run %s is not on record: %s", folder.run_id.hex(), error)

    def report_all(self) -> None:
        for run in self.live:
            run.report()

    def kill_all(self) -> None:
        for run in self._processes:
            run.kill()

    def _tick(self) -> None:
        """While runs are live; a host at rest costs nothing."""
        if self._power.off:
            self.stop_all(EndCause.END_CAUSE_SWITCHED_OFF, self._power.off_reason)
        for run in self.live:
            run.tick()
        self._ticking = bool(self._live)
        if self._ticking:
            self._loop.call_later(TICK_SECONDS, self._tick)

    def _launch(self, accepted: Accepted, signed: SignedEnvelope) -> None:
        command, limits = accepted.command, accepted.admission.limits
        folder = RunFolder(self._host.paths.runs, command.run_id)
        folder.create(signed.SerializeToString(), self._host.gid)
        self._hold_statistics()
        budget = Budget(limits.budget_permille, self._host.cpus, self._host.prices)
        events = RunEvents(
            self._outbox.update, self._record_targets, self._spools.advance, self._over, self._processes.discard
        )
        run = Run(self._loop, command, folder, budget, events)
        run.agreed = accepted.agreed
        memory = self._power.policy.limits.runner_memory_bytes
        run.start(self._config(accepted, folder), memory, accepted.admission.note)
        self._live[command.run_id] = run
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK_SECONDS, self._tick)
        self._processes.add(run)
        self._spools.add(folder)

    def _config(self, accepted: Accepted, folder: RunFolder) -> RunnerConfig:
        envelope = Envelope()
        envelope.CopyFrom(accepted.command.envelope)
        envelope.filters.CopyFrom(accepted.admission.filters)
        return RunnerConfig(
            run_id=accepted.command.run_id,
            envelope=envelope,
            limits=accepted.admission.limits,
            spool_dir=str(folder.spool),
            spool_bytes=self._power.policy.limits.spool_bytes,
            headers_dir=self._host.headers.path,
            skip_families=[self._host.supervisor] if self._host.supervisor else [],
            own_pids=[*self._host.own_pids(), *(run.runner_pid for run in self._processes)],
            variant=self._host.variant(envelope.tool),
            spool_gid=self._host.gid,
            data_key=self._host.kept_keys.make(accepted.command.run_id) if accepted.admission.encrypt else b"",
            map_bytes=self._power.policy.limits.map_bytes,
            hidden=self._power.policy.never_trace.hidden,
            redaction=self._power.policy.redaction.rules(revealed=envelope.reveal),
        )

    def _record_targets(self, run: Run, targets: ResolvedTargets) -> None:
        """No record, no probe."""
        try:
            self._gate.resolved(run.command, targets)
        except AuditError as error:
            run.stop(EndCause.END_CAUSE_FAILED, str(error))
            return
        run.targets_recorded()

    def _over(self, run: Run) -> None:
        del self._live[run.run_id]
        sweep(run.runner_pid)
        self.record_end(run.folder, run.state)
        self._spools.advance(run.run_id, run.state.spooled_seq, ended=True)
        if not self._live and self._statistics is not None:
            os.close(self._statistics)
            self._statistics = None

    def _hold_statistics(self) -> None:
        if self._statistics is None:
            self._statistics = bpf_syscall.enable_stats()
