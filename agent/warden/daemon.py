"""The warden itself: puts its parts together, keeps time, and ends orderly."""

from __future__ import annotations

import fcntl
import functools
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import identity
from agent.clock import wall_ns
from agent.config import AgentPaths
from agent.kernel.mounts import ensure_mounts
from agent.link.account import link_account
from agent.warden.answering import Answering
from agent.warden.asking import Asking
from agent.warden.audit import HostAudit
from agent.warden.budget import DEFAULT_PRICES
from agent.warden.crash import ended_by
from agent.warden.dialogue import Dialogue, Mouth, Parts
from agent.warden.gate import Gate, Records
from agent.warden.headers import Headers
from agent.warden.kept_keys import KeptKeys
from agent.warden.link_process import LinkProcess
from agent.warden.loop import Loop
from agent.warden.meters import process_cpu_ns
from agent.warden.opening import OpeningDoor, Own
from agent.warden.power import Power
from agent.warden.recovery import Recovery
from agent.warden.run_folder import RunFolder, folders
from agent.warden.runs import Host, Outbox, Runs
from agent.warden.seen import SeenRuns
from agent.warden.spools import Spools
from agent.warden.status import StatusSocket, describe_run
from agent.warden.strange import Strange
from agent.warden.survey import Survey
from agent.warden.tools import usable_tools
from agent.warden.verdicts import Verdicts
from agent.warden.witness import Witness
from proto.v1.agent_pb2 import AgentMessage
from proto.v1.local_pb2 import LinkToWarden
from proto.v1.stream_pb2 import BatchHead, EndCause

if TYPE_CHECKING:
    from agent.warden.renewal import Renewal

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
EXPIRE_SECONDS = 60.0
RUNNERS_END_SECONDS = 3.0  # then they are killed
UPLOAD_END_SECONDS = 1.0  # for what the last runs spooled
SHUTDOWN_SECONDS = 4.7


class AlreadyRunning(RuntimeError):
    """Another warden holds this state folder."""


class Daemon:
    """One host's warden. Raises IdentityError, AlreadyRunning or OSError when it cannot start."""

    def __init__(self, paths: AgentPaths, supervisor: int = 0) -> None:
        """``supervisor``: see agent/warden/supervisor.py."""
        self._paths, self._supervisor = paths, supervisor
        own = identity.load(paths.identity)
        self._account = link_account(paths.state)
        self._prepare_folders()
        self._lock = _lock(paths.lock)
        self._loop = Loop()
        self._link = LinkProcess(self._loop, paths.state, self._heard, self._link_started)
        self._headers = Headers(self._loop, paths.cache / "headers", self._headers_ready)
        self._mouth = Mouth(self._link.send)
        self._power = Power(paths)
        self._spools = Spools(self._link.spooled)
        catalog = usable_tools()
        self._verdicts = Verdicts(catalog, self._power.policy, self._mouth.verdict)
        self._prices = dict(DEFAULT_PRICES)
        self._survey = Survey(self._loop, paths.cache, self._verdicts.add, self._prices.update, self._verdicts.untried)
        audit = HostAudit(paths.audit)
        self._kept = KeptKeys(paths.kept_keys)
        self._witness = Witness(paths, audit, self._mouth.witnessed)
        records = Records(audit, self._witness)
        gate = Gate(own, catalog, self._power, records, SeenRuns(paths.seen_ids, wall_ns()))
        outbox = Outbox(self._mouth.update, self._mouth.refusal)
        self._runs = Runs(self._loop, self._host(own), gate, self._power, self._spools, outbox)
        self._answering = Answering(self._loop, self._account, self._mouth.names)
        asking = Asking(own, self._power, audit, self._answering.answer, self._mouth.names)
        self._opening = OpeningDoor(Own(own, self._power, audit, self._kept), self._mouth.opened, self._mouth.destroyed)
        doors = (
            asking,
            self._opening,
            self._witness,
            Strange(audit),
            functools.cache(lambda: self._renewal(own, audit)),
        )
        parts = Parts(own, self._link, self._power, self._spools, self._verdicts, self._runs, *doors)
        self._dialogue = Dialogue(parts, self._mouth)
        self._status = StatusSocket(self._loop, paths.status_socket, self._describe)
        self._was_off, self._policy_told = self._power.off_reason, self._power.policy
        self._cpu_before = (time.monotonic(), self._cpu_ns())

    def run(self, *, lifeline: bool) -> None:
        """Until SIGTERM, SIGINT, SIGHUP or, with a lifeline, the end of stdin."""
        ensure_mounts()
        ends = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        self._loop.on_signals(ends, lambda number: self._shut_down(signal.strsignal(number)))
        if lifeline:
            self._loop.watch(sys.stdin.fileno(), self._lifeline)
        recovery = Recovery(self._loop, self._account.gid, self._recovered)
        for folder in folders(self._paths.runs):
            tail = folder.tail()
            # The server must hear of them in the first Hello, or it gives them up.
            self._spools.add(folder, tail.head.seq if tail else 0, acked=folder.first_seq - 1)
            recovery.take_over(folder)
        self._headers.start()
        self._link.start()
        self._loop.every(REFRESH_SECONDS, self._refresh)
        self._loop.every(EXPIRE_SECONDS, lambda: self._opening.expire([run.run_id for run in self._runs.live]))
        self._loop.call_later(self._dialogue.heartbeat_seconds, self._heartbeat)
        self._loop.run()
        self._status.close()

    def _host(self, own: identity.Identity) -> Host:
        return Host(
            host_id=own.host_id,
            paths=self._paths,
            gid=self._account.gid,
            cpus=os.cpu_count() or 1,
            prices=self._prices,
            variant=self._verdicts.variant,
            own_pids=lambda: [os.getpid(), self._link.pid, *self._survey.pids, *self._answering.pids],
            supervisor=self._supervisor,
            headers=self._headers,
            kept_keys=self._kept,
        )

    def _renewal(self, own: identity.Identity, audit: HostAudit) -> Renewal:
        # X.509 takes seven megabytes, and is needed every few days.
        from agent.warden.renewal import Mouths, Renewal

        return Renewal(self._paths.identity, own, audit, Mouths(self._mouth.say, self._link.credentials))

    def _prepare_folders(self) -> None:
        """Link's group may pass through to the spools; the rest is root's."""
        for folder, mode in ((self._paths.state, 0o750), (self._paths.runs, 0o750), (self._paths.cache, 0o700)):
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, -1, self._account.gid)
            folder.chmod(mode)

    def _recovered(self, folder: RunFolder, last: BatchHead) -> None:
        self._runs.record_end(folder, ended_by(last))
        self._spools.advance(folder.run_id, last.seq, ended=True)

    def _headers_ready(self) -> None:
        self._survey.start(self._headers.path)
        self._runs.start_waiting()

    def _heard(self, message: LinkToWarden) -> None:
        self._dialogue.heard(message)

    def _link_started(self) -> None:
        self._mouth.connected = False
        self._spools.announce_all()

    def _lifeline(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            self._loop.unwatch(sys.stdin.fileno())
            self._shut_down("its supervisor ended")

    def _refresh(self) -> None:
        self._spools.trim()
        self._witness.refresh()
        self._power.refresh()
        if self._power.policy is not self._policy_told:
            self._policy_told = self._power.policy
            self._mouth.say(AgentMessage(hello=self._dialogue.hello()))  # before the verdicts that follow from it
            self._verdicts.use_policy(self._policy_told)
        if self._power.off_reason != self._was_off:
            self._was_off = self._power.off_reason
            log.warning("%s", self._was_off or "tracing is allowed on this host again")
            self._mouth.say(AgentMessage(hello=self._dialogue.hello()))

    def _heartbeat(self) -> None:
        (before, cpu_before), self._cpu_before = self._cpu_before, (time.monotonic(), self._cpu_ns())
        passed = max(1e-3, self._cpu_before[0] - before)
        self._dialogue.heartbeat(max(0, self._cpu_before[1] - cpu_before) / passed / 1e7)
        self._loop.call_later(self._dialogue.heartbeat_seconds, self._heartbeat)

    def _cpu_ns(self) -> int:
        """Of warden and link; runners are accounted to their runs."""
        total = time.process_time_ns()
        try:
            return total + (process_cpu_ns(self._link.pid) if self._link.pid else 0)
        except OSError:
            return total

    def _shut_down(self, why: str | None) -> None:
        if not self._dialogue.accepting:
            return
        log.info("stopping: %s", why)
        self._dialogue.accepting = False
        self._survey.stop()
        self._answering.stop()
        self._runs.stop_all(EndCause.END_CAUSE_AGENT_STOPPED, "the agent on this host was stopped")
        self._loop.call_later(RUNNERS_END_SECONDS, self._runs.kill_all)
        self._loop.call_later(SHUTDOWN_SECONDS, self._abandon)
        self._wait_for_runners()

    def _wait_for_runners(self) -> None:
        if self._runs.idle:
            self._wait_for_upload(time.monotonic() + UPLOAD_END_SECONDS)
        else:
            self._loop.call_later(0.05, self._wait_for_runners)

    def _wait_for_upload(self, deadline: float) -> None:
        if self._spools.unsent() and self._mouth.connected and time.monotonic() < deadline:
            self._loop.call_later(0.05, lambda: self._wait_for_upload(deadline))
            return
        self._link.stop()
        self._wait_for_link()

    def _wait_for_link(self) -> None:
        if self._link.gone:
            self._loop.stop()
        else:
            self._loop.call_later(0.05, self._wait_for_link)

    def _abandon(self) -> None:
        """Time is up; what is left ends with this process."""
        self._link.kill()
        self._loop.stop()

    def _describe(self) -> dict[str, Any]:
        state = self._dialogue.link_state
        return {
            "runs": [describe_run(run) for run in self._runs.live],
            "off": self._power.off_reason or self._witness.trouble,
            "audit_head": self._witness.held().note,
            "server": {"connected": state.connected, "message": state.message, "since_wall_ns": state.since_wall_ns},
            "spool_bytes": self._spools.size(),
            "pid": os.getpid(),
            "link_pid": self._link.pid,
            "link_restarts": self._link.restarts,
        }


def _lock(path: Path) -> int:
    """Held until this process ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRunning(f"another agent runs with {path.parent}; stop it first or give --state DIR") from None
    return descriptor
