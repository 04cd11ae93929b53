"""A server with all its keys says whatever it likes: no order ends the warden, holds it up or makes it run anything,
and nobody's plaintext starts unsigned."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from proto.opening import LIFE_MAX, OpenedRun, OpeningText, opening_text
from proto.trust import Trust, sign
from proto.v1.agent_pb2 import (
    Ask,
    DestroyKeys,
    Envelope,
    Filters,
    Opening,
    RenewalOrder,
    RunLimits,
    ServerMessage,
    SignedAsk,
    SignedEnvelope,
    SignedOpening,
    Stop,
    Watch,
    Welcome,
)
from proto.v1.tool_pb2 import NAME_KIND_PROCESS
from tests.agent.support.commands import MINUTE, envelope
from tests.agent.support.consent import ADA, BOB, POLICY, agreed
from tests.faults.mutated_messages import SHELL, changed
from tests.faults.orders import Warden, executed

SHORT = 1500
FRESH = 200  # orders, in which time none expires
SECONDS = 1.0  # of processor time
RUN = b"r" * 16
INSIDE: dict[str, type[Envelope] | type[Ask] | type[Opening]] = {"start": Envelope, "ask": Ask, "opening": Opening}
S3 = frozenset({"sslsniff", "ttysnoop", "bashreadline"})


def starts(warden: Warden, chance: random.Random) -> list[Envelope]:
    host, shell = warden.identity.host_id, chance.choice(SHELL)
    limits = RunLimits(duration_ms=1000, rows=10)
    return [
        envelope(host, filters=Filters(comm="cat", follow=False), params={"failed_only": "true"}, limits=limits),
        envelope(host, tool="uprobe", params={"function": f"/tmp/{shell}:main", "args": "n:s32"}),
        envelope(host, tool="uprobe", params={"function": "c:getenv"}),
        envelope(host, tool="usdt", params={"probe": f"/tmp/{shell}:python:line"}),
        envelope(host, tool="funccount", params={"function": f"{shell}:*"}),
        envelope(host, tool="tracepoint", params={"tracepoint": "sched:sched_switch", "where": shell}),
        agreed(host, ADA, BOB, params={"library": f"/tmp/{shell}"}),
    ]


def messages(warden: Warden, chance: random.Random) -> list[ServerMessage]:
    now, host = time.time_ns(), warden.identity.host_id
    seconds = now // 10**9
    ask = Ask(ask_id=RUN, host_id=host, kind=NAME_KIND_PROCESS, text="ngi", user="ada", not_after_wall_ns=now + MINUTE)
    text = opening_text(
        OpeningText(
            *(warden.ids[0], warden.ids[1], "sslsniff", "ada", "why", b"k" * 32, seconds, seconds + LIFE_MAX),
            [OpenedRun("h", host, warden.ids[2])],
        )
    )
    opening = Opening(text=text, signatures=[ADA.sign(text), BOB.sign(text)])
    trusted = sign(Trust(2, (warden.authority.certificate,)), [warden.authority.key])
    return [
        *(ServerMessage(start=SignedEnvelope(payload=one.SerializeToString())) for one in starts(warden, chance)),
        ServerMessage(ask=SignedAsk(payload=ask.SerializeToString())),
        ServerMessage(opening=SignedOpening(payload=opening.SerializeToString())),
        ServerMessage(destroy=DestroyKeys(run_ids=[RUN, b"x" * 16])),
        ServerMessage(audit_head=warden.log.head(warden.log.size, warden.log.size)),
        ServerMessage(renew=RenewalOrder(trust=trusted)),
        ServerMessage(certificate_pem=warden.identity.certificate_pem),
        ServerMessage(stop=Stop(run_id=RUN, message="why")),
        ServerMessage(watch=Watch(run_id=RUN, watched=True)),
        ServerMessage(welcome=Welcome(live_runs=[RUN], forgotten_runs=[b"x" * 16], heartbeat_seconds=5)),
    ]


def order(honest: ServerMessage, chance: random.Random) -> ServerMessage:
    """Changed where the server signs in most of those that it signs, and else anywhere."""
    message = ServerMessage.FromString(honest.SerializeToString())
    which = message.WhichOneof("message") or ""
    if which not in INSIDE or chance.random() < 0.1:
        return changed(message, chance)
    signed = getattr(message, which)
    signed.payload = changed(INSIDE[which].FromString(signed.payload), chance).SerializeToString()
    return message


@pytest.fixture
def warden(tmp_path: Path) -> Warden:
    return Warden(tmp_path, POLICY)


def test_no_order_ends_the_warden_or_makes_it_run_anything(
    warden: Warden, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done: Counter[str] = Counter()
    with executed() as found:
        for seed in range(pytestconfig.getoption("--cases") or SHORT):
            chance = random.Random(seed)
            if seed % FRESH == 0:
                honest = messages(warden, chance)
            message = order(chance.choice(honest), chance)
            began = time.thread_time()
            try:
                warden.hear(message)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error!r} for {str(message)[:2000]}") from error
            took = time.thread_time() - began
            assert took < SECONDS, f"seed {seed}: {took:.1f} s for {str(message)[:2000]}"
            done[message.WhichOneof("message") or ""] += 1
    assert not found
    assert not list(tmp_path.rglob("*PWN*"))
    assert set(INSIDE) <= set(done), done
    accepted = warden.runs.accepted
    assert 0 < len(accepted) < done["start"], "all or none of the starts passed, so no check behind the first was tried"
    for one, config in accepted:
        secret = one.command.envelope.tool in S3 or one.admission.encrypt
        assert secret == (one.agreed is not None and bool(config.data_key)), one


def test_the_watch_over_what_is_run_sees_it() -> None:
    """The positive control."""
    import subprocess

    with executed() as found:
        subprocess.run(["true"], check=True)
    assert any("subprocess.Popen" in one for one in found)
