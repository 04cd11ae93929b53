"""What is said to the server, and what is done on its word, with the parts behind played by the test."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agent.warden.dialogue import REFUSALS_KEPT, Dialogue, Mouth, Parts
from agent.warden.policy import Policy
from proto.v1.agent_pb2 import (
    Ack,
    ActiveRun,
    AgentMessage,
    AuditHead,
    DestroyedKeys,
    DestroyKeys,
    Opened,
    Refusal,
    Reject,
    RenewalOrder,
    ServerMessage,
    SignedEnvelope,
    SignedOpening,
    Stop,
    Verdict,
    Watch,
    Welcome,
    Witnessed,
)
from proto.v1.local_pb2 import LinkState, LinkToWarden
from proto.v1.stream_pb2 import EndCause
from tests.agent.support.pki import Authority

RUN, OTHER = b"\x01" * 16, b"\x02" * 16


class Recorder:
    """Takes every call and remembers it."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls.append((name, *arguments))
            return self._answers.get(name)

        return call


class Talk:
    def __init__(self) -> None:
        self.sent: list[AgentMessage] = []
        self.mouth = Mouth(self.sent.append)
        self.runs = Recorder()
        self.asking = Recorder()
        self.opening = Recorder()
        self.renewal = Recorder()
        self.strange = Recorder()
        self.witness = Recorder(held=Witnessed(note="held"))
        self.spools = Recorder(active=[ActiveRun(run_id=RUN)], size=7, ended=True)
        power = SimpleNamespace(policy=Policy(digest=b"digest", numbers=("/opt/app:f",)), off_reason="")
        verdicts = SimpleNamespace(all=lambda: [Verdict(tool="opensnoop")])
        identity = Authority().identity("localhost:1")
        others: Any = (self.runs, self.asking, self.opening, self.witness, self.strange, lambda: self.renewal)
        parts: Any = Parts(identity, None, power, self.spools, verdicts, *others)  # type: ignore[arg-type]
        self.dialogue = Dialogue(parts, self.mouth)

    def server(self, **message: Any) -> None:
        self.dialogue.heard(LinkToWarden(server=ServerMessage(**message)))

    def connect(self, *, connected: bool = True) -> None:
        self.dialogue.heard(LinkToWarden(link=LinkState(connected=connected, message="why")))


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_connection_begins_with_hello_and_what_a_server_missed(talk: Talk) -> None:
    talk.mouth.refusal(Refusal(run_id=OTHER, reason="no"))
    assert talk.sent == [], "nobody is there"
    talk.connect()
    hello = talk.sent[0].hello
    assert [run.run_id for run in hello.runs] == [RUN]
    assert [verdict.tool for verdict in hello.verdicts] == ["opensnoop"]
    assert (hello.policy_digest, hello.remote_off, dict(hello.labels)) == (b"digest", False, {"role": "test"})
    assert list(hello.numbers) == ["/opt/app:f"]
    assert hello.facts.cpus > 0 and hello.facts.boot_ns > 0
    assert talk.sent[1].refusal.run_id == OTHER
    assert ("report_all",) in talk.runs.calls


def test_refusals_for_a_server_that_is_away_are_bounded(talk: Talk) -> None:
    for _ in range(REFUSALS_KEPT + 50):
        talk.mouth.refusal(Refusal(run_id=OTHER))
    talk.connect()
    assert len(talk.sent) == REFUSALS_KEPT + 1


def test_nothing_is_said_to_a_server_that_is_gone(talk: Talk) -> None:
    talk.connect()
    talk.sent.clear()
    talk.connect(connected=False)
    talk.mouth.verdict(Verdict(tool="x"))
    talk.dialogue.heartbeat(1.5)
    assert talk.sent == []
    assert talk.dialogue.link_state.message == "why"


def test_without_a_server_nobody_watches(talk: Talk) -> None:
    talk.connect(connected=False)
    assert talk.runs.calls == [("watch_none",)]


def test_commands_reach_the_runs(talk: Talk) -> None:
    start, watch = SignedEnvelope(payload=b"p"), Watch(run_id=RUN, watched=True)
    talk.server(start=start)
    talk.server(watch=watch)
    talk.server(stop=Stop(run_id=RUN))
    talk.server(stop=Stop(run_id=RUN, cause=EndCause.END_CAUSE_SWITCHED_OFF, message="fleet off"))
    assert talk.runs.calls == [
        ("start", start),
        ("watch", watch),
        ("stop", RUN, EndCause.END_CAUSE_STOPPED, "stopped"),
        ("stop", RUN, EndCause.END_CAUSE_SWITCHED_OFF, "fleet off"),
    ]


def test_nothing_starts_while_the_agent_shuts_down(talk: Talk) -> None:
    talk.dialogue.accepting = False
    talk.server(start=SignedEnvelope(payload=b"p"))
    assert talk.runs.calls == []


def test_welcome_says_which_runs_may_live_and_which_spools_may_go(talk: Talk) -> None:
    talk.server(welcome=Welcome(live_runs=[RUN], forgotten_runs=[OTHER], heartbeat_seconds=9))
    assert talk.runs.calls == [("keep_only", {RUN})]
    assert talk.spools.calls == [("ended", OTHER), ("drop", OTHER)]
    assert talk.dialogue.heartbeat_seconds == 9


def test_acks_and_rejects_reach_the_spools(talk: Talk) -> None:
    talk.dialogue.heard(LinkToWarden(ack=Ack(run_id=RUN, seq=5)))
    talk.dialogue.heard(LinkToWarden(reject=Reject(run_id=OTHER, reason="deleted")))
    assert talk.spools.calls == [("ack", RUN, 5)]
    assert talk.runs.calls == [("unwanted", OTHER, "deleted")]


def test_the_heartbeat_tells_clocks_cost_and_spool(talk: Talk) -> None:
    talk.connect()
    talk.dialogue.heartbeat(0.25)
    beat = talk.sent[-1].heartbeat
    assert (beat.agent_cpu_percent, beat.spool_bytes) == (0.25, 7)
    assert beat.boot_ns and beat.wall_ns


def test_a_head_of_the_audit_goes_to_the_witness_and_what_is_held_into_the_hello(talk: Talk) -> None:
    talk.connect()
    assert talk.sent[0].hello.witnessed.note == "held"
    talk.server(audit_head=AuditHead(note="next"))
    assert talk.witness.calls[-1] == ("offered", AuditHead(note="next"))


def test_orders_about_the_certificate_reach_the_renewal(talk: Talk) -> None:
    talk.server(renew=RenewalOrder())
    talk.server(certificate_pem=b"pem")
    assert talk.renewal.calls == [("ordered", RenewalOrder()), ("issued", b"pem")]


def test_openings_and_keys_to_destroy_go_to_their_door_and_its_answers_to_the_server(talk: Talk) -> None:
    talk.server(opening=SignedOpening(payload=b"signed"))
    talk.server(destroy=DestroyKeys(run_ids=[RUN]))
    opened, destroyed = talk.opening.calls
    assert (opened[0], opened[1].payload) == ("open", b"signed")
    assert (destroyed[0], list(destroyed[1].run_ids)) == ("destroy", [RUN])
    talk.connect()
    talk.mouth.opened(Opened(run_id=RUN))
    talk.mouth.destroyed(DestroyedKeys(run_ids=[RUN]))
    assert talk.sent[-2].opened.run_id == RUN
    assert list(talk.sent[-1].destroyed.run_ids) == [RUN]


def test_what_is_no_message_of_ours_is_strange(talk: Talk) -> None:
    unknown = ServerMessage.FromString(b"\xc2\x0c\x01x")
    talk.dialogue.heard(LinkToWarden(server=unknown))
    talk.server(welcome=Welcome())
    assert talk.strange.calls == [("heard", unknown)]
