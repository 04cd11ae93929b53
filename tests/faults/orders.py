"""The warden's doors as a server with all its keys finds them: whatever it says is heard by the real parts behind them,
and only what would be started stops before its process.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from google.protobuf.message import DecodeError

from agent.warden import asking, envelope
from agent.warden.asking import Allowance, Asking
from agent.warden.audit import HostAudit
from agent.warden.dialogue import Dialogue, Mouth, Parts
from agent.warden.gate import Accepted, Gate, Records
from agent.warden.kept_keys import KeptKeys
from agent.warden.opening import CONTEXT as OPENING
from agent.warden.opening import OpeningDoor, Own
from agent.warden.renewal import Mouths, Renewal
from agent.warden.run_folder import RunFolder
from agent.warden.runs import Outbox, Runs
from agent.warden.seen import SeenRuns
from agent.warden.strange import Strange
from agent.warden.tools import usable_tools
from agent.warden.witness import Witness
from proto.v1.agent_pb2 import AgentMessage, Names, ServerMessage, SignedEnvelope
from proto.v1.local_pb2 import LinkToWarden, RunnerConfig
from tests.agent.support.door import Door
from tests.agent.warden.test_dialogue import Recorder

_RUNS_SOMETHING = ("os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.forkpty", "subprocess.Popen")
_CONTEXTS = {"start": envelope.CONTEXT, "ask": asking.CONTEXT, "opening": OPENING}


class Starts(Runs):
    """Keeps what it would give to a runner."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.accepted: list[tuple[Accepted, RunnerConfig]] = []

    def _launch(self, accepted: Accepted, signed: SignedEnvelope) -> None:
        folder = RunFolder(self._host.paths.runs, accepted.command.run_id)
        self.accepted.append((accepted, self._config(accepted, folder)))


class Warden(Door):
    def __init__(self, folder: Path, policy: str) -> None:
        super().__init__(folder)
        self.policy(policy)
        self.ids = [uuid.uuid4() for _ in range(3)]
        self.said: list[bytes] = []
        self.asked: list[bytes] = []
        self.mouth = Mouth(lambda message: self.said.append(message.SerializeToString()))
        self.mouth.connected = True
        audit, keys = HostAudit(self.paths.audit), KeptKeys(self.paths.kept_keys)
        self.head = Witness(self.paths, audit, self.mouth.witnessed)
        self.runs = self._starts(audit, keys)
        self.door = OpeningDoor(Own(self.identity, self.power, audit, keys), self.mouth.opened, self.mouth.destroyed)
        self.asking = Asking(
            self.identity, self.power, audit, lambda ask: self.asked.append(ask.SerializeToString()), self._names
        )
        self.renewal = Renewal(self.paths.identity, self.identity, audit, Mouths(self.mouth.say, lambda _: None))
        self.spools = Recorder(active=[], size=7, ended=True)
        verdicts: Any = SimpleNamespace(all=list)
        others: Any = (self.runs, self.asking, self.door, self.head, Strange(audit), lambda: self.renewal)
        parts: Any = Parts(self.identity, None, self.power, self.spools, verdicts, *others)  # type: ignore[arg-type]
        self.dialogue = Dialogue(parts, self.mouth)
        self.head.offered(self.log.head(self.log.size))
        self.sound = self.head._held

    def _starts(self, audit: HostAudit, keys: KeptKeys) -> Starts:
        seen = SeenRuns(self.paths.seen_ids, 0)
        gate = Gate(self.identity, usable_tools(), self.power, Records(audit, self.head), seen)
        host = SimpleNamespace(
            host_id=self.identity.host_id,
            paths=self.paths,
            gid=0,
            variant=lambda _: "",
            own_pids=list,
            supervisor=0,
            headers=SimpleNamespace(known=True, path=""),
            kept_keys=keys,
        )
        return Starts(None, host, gate, self.power, Recorder(), Outbox(self.mouth.update, self.mouth.refusal))

    def _names(self, names: Names) -> None:
        self.mouth.names(names)

    def _put_on_record(self, start: SignedEnvelope) -> None:
        try:
            head, recorded = self.log.recorded(start)
        except DecodeError:
            return  # an entry says what is in it
        start.CopyFrom(recorded)
        self.head.offered(head)
        self.sound = self.head._held

    def hear(self, message: ServerMessage) -> None:
        """Signed by the server where a server signs, starts put on record, as it comes from the link."""
        which = message.WhichOneof("message")
        if which in _CONTEXTS:
            signed = getattr(message, which)
            signed.signature = self.authority.command.sign(_CONTEXTS[which] + signed.payload)
        if which == "start" and not message.start.HasField("record"):
            self._put_on_record(message.start)
        self.asking._allowance = Allowance()
        raw = LinkToWarden(server=message).SerializeToString()
        self.dialogue.heard(LinkToWarden.FromString(raw))
        for said in self.said:
            AgentMessage.FromString(said)
        self.said.clear()
        if self.head.trouble:
            self.head._held = self.sound


@contextmanager
def executed() -> Iterator[list[str]]:
    """What this process runs or forks meanwhile, as the interpreter itself tells. Such hooks stay for ever."""
    found: list[str] = []
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in _RUNS_SOMETHING:
            found.append(f"{event} {arguments!r:.300}")

    sys.addaudithook(hook)
    try:
        yield found
    finally:
        watching = False
