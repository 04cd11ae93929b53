"""What the warden and the server say to each other, by way of link: greeting, reports, commands, heartbeat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent import VERSION
from agent.clock import boot_ns, wall_ns
from agent.identity import Identity
from agent.kernel.facts import host_facts
from agent.warden.asking import Asking
from agent.warden.link_process import LinkProcess
from agent.warden.opening import OpeningDoor
from agent.warden.power import Power
from agent.warden.runs import Runs
from agent.warden.spools import Spools
from agent.warden.strange import Strange
from agent.warden.verdicts import Verdicts
from agent.warden.witness import Witness
from proto.v1.agent_pb2 import (
    AgentMessage,
    DestroyedKeys,
    Heartbeat,
    Hello,
    Names,
    Opened,
    Refusal,
    RunUpdate,
    ServerMessage,
    Verdict,
    Welcome,
    Witnessed,
)
from proto.v1.local_pb2 import LinkState, LinkToWarden
from proto.v1.stream_pb2 import EndCause

if TYPE_CHECKING:
    from agent.warden.renewal import Renewal

REFUSALS_KEPT = 100  # for a server that was away; a run it then does not find has ended anyway


@dataclass(frozen=True, slots=True)
class Parts:
    identity: Identity
    link: LinkProcess
    power: Power
    spools: Spools
    verdicts: Verdicts
    runs: Runs
    asking: Asking
    opening: OpeningDoor
    witness: Witness
    strange: Strange
    renewal: Callable[[], Renewal]  # loaded at its first use


class Mouth:
    """Sends to the server while it is there; what it misses is told again with the next Hello."""

    def __init__(self, send: Callable[[AgentMessage], None]) -> None:
        self._send = send
        self.connected = False
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_KEPT)

    def update(self, update: RunUpdate) -> None:
        self.say(AgentMessage(run=update))

    def names(self, names: Names) -> None:
        self.say(AgentMessage(names=names))

    def opened(self, opened: Opened) -> None:
        self.say(AgentMessage(opened=opened))

    def destroyed(self, destroyed: DestroyedKeys) -> None:
        self.say(AgentMessage(destroyed=destroyed))

    def verdict(self, verdict: Verdict) -> None:
        self.say(AgentMessage(verdict=verdict))

    def witnessed(self, witnessed: Witnessed) -> None:
        self.say(AgentMessage(witnessed=witnessed))

    def refusal(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)
        self.say(AgentMessage(refusal=refusal))

    def say(self, message: AgentMessage) -> None:
        if self.connected:
            self._send(message)


class Dialogue:
    """``accepting`` is false while the agent shuts down."""

    def __init__(self, parts: Parts, mouth: Mouth) -> None:
        self._parts, self._mouth = parts, mouth
        self.accepting = True
        self.link_state = LinkState(message="not connected yet", since_wall_ns=wall_ns())
        self.heartbeat_seconds = 5

    def heard(self, message: LinkToWarden) -> None:
        """From link."""
        if message.HasField("server"):
            self._command(message.server)
        elif message.HasField("ack"):
            self._parts.spools.ack(message.ack.run_id, message.ack.seq)
        elif message.HasField("reject"):
            self._parts.runs.unwanted(message.reject.run_id, message.reject.reason)
        elif message.HasField("link"):
            self._link_changed(message.link)

    def greet(self) -> None:
        """Hello, and everything that a server which was away needs to hear."""
        self._mouth.say(AgentMessage(hello=self.hello()))
        self._parts.runs.report_all()
        for refusal in self._mouth.refusals:
            self._mouth.say(AgentMessage(refusal=refusal))

    def heartbeat(self, agent_cpu_percent: float) -> None:
        beat = Heartbeat(
            boot_ns=boot_ns(),
            wall_ns=wall_ns(),
            agent_cpu_percent=agent_cpu_percent,
            spool_bytes=self._parts.spools.size(),
            unacked_batches=self._parts.spools.unacked(),
        )
        self._mouth.say(AgentMessage(heartbeat=beat))

    def hello(self) -> Hello:
        parts = self._parts
        return Hello(
            agent_version=VERSION,
            facts=host_facts(),
            verdicts=parts.verdicts.all(),
            runs=parts.spools.active(),
            labels=parts.identity.labels,
            policy_digest=parts.power.policy.digest,
            remote_off=bool(parts.power.off_reason),
            witnessed=parts.witness.held(),
            approvals_needed=parts.power.policy.approvals.needed if "S3" in parts.power.policy.risks else 0,
            numbers=parts.power.policy.numbers,
        )

    def _link_changed(self, state: LinkState) -> None:
        self.link_state = state
        self._mouth.connected = state.connected
        if state.connected:
            self.greet()
        else:
            self._parts.runs.watch_none()

    def _command(self, message: ServerMessage) -> None:
        runs = self._parts.runs
        if message.HasField("welcome"):
            self._welcome(message.welcome)
        elif message.HasField("start") and self.accepting:
            runs.start(message.start)
        elif message.HasField("stop"):
            cause = message.stop.cause or EndCause.END_CAUSE_STOPPED
            runs.stop(message.stop.run_id, cause, message.stop.message or "stopped")
        elif message.HasField("watch"):
            runs.watch(message.watch)
        elif message.HasField("ask") and self.accepting:
            self._parts.asking.ask(message.ask)
        elif message.HasField("opening"):
            self._parts.opening.open(message.opening)
        elif message.HasField("destroy"):
            self._parts.opening.destroy(message.destroy)
        elif message.HasField("audit_head"):
            self._parts.witness.offered(message.audit_head)
        elif message.HasField("renew"):
            self._parts.renewal().ordered(message.renew)
        elif message.HasField("certificate_pem"):
            self._parts.renewal().issued(message.certificate_pem)
        elif message.WhichOneof("message") is None:
            self._parts.strange.heard(message)

    def _welcome(self, welcome: Welcome) -> None:
        self.heartbeat_seconds = welcome.heartbeat_seconds or self.heartbeat_seconds
        self._parts.runs.keep_only(set(welcome.live_runs))
        for run_id in welcome.forgotten_runs:
            if self._parts.spools.ended(run_id):
                self._parts.spools.drop(run_id)
