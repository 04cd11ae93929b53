from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from agent.config import AgentPaths
from agent.warden.audit import HostAudit
from agent.warden.envelope import Refused
from agent.warden.gate import Gate
from agent.warden.power import Power, Switch, switch_off
from agent.warden.seen import SeenRuns
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Filters, RunUpdate, SignedEnvelope
from proto.v1.stream_pb2 import EndCause, Ledger, Loss, LossCause, RunEnd
from tests.agent.support.commands import envelope, run_id_of, sign
from tests.agent.support.pki import Authority

CATALOG = {"opensnoop": load_tool(ROOT / "opensnoop")}


class Door:
    def __init__(self, folder: Path) -> None:
        self.paths = AgentPaths(folder, folder / "policy.toml")
        self.paths.policy.write_text("")
        self.paths.policy.chmod(0o644)
        self.authority = Authority()
        self.identity = self.authority.identity("localhost:1")
        self.power = Power(self.paths)
        seen = SeenRuns(self.paths.seen_ids, time.time_ns())
        self.gate = Gate(self.identity, CATALOG, self.power, HostAudit(self.paths.audit), seen)

    def signed(self, **changes: object) -> SignedEnvelope:
        start = envelope(self.identity.host_id, **changes)  # type: ignore[arg-type]
        return sign(start, self.authority.command)

    def entries(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.paths.audit.read_text().splitlines()]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_an_accepted_start_is_on_record_with_everything_that_was_asked(door: Door) -> None:
    start = envelope(door.identity.host_id, filters=Filters(pid=7, comm="x"))
    accepted = door.gate.accept(sign(start, door.authority.command), 0)
    assert accepted.command.run_id == run_id_of(start)
    (entry,) = door.entries()
    assert (entry["event"], entry["user"], entry["tool"]) == ("start", "ada", "opensnoop")
    assert entry["filters"] == {"pid": 7, "comm": "x"}
    assert entry["run"] == run_id_of(start).hex()
    assert "budget 10%" in str(entry["note"]) or entry["note"] == ""


def test_the_same_start_is_refused_the_second_time(door: Door) -> None:
    signed = door.signed()
    door.gate.accept(signed, 0)
    with pytest.raises(Refused, match="a run starts only once"):
        door.gate.accept(signed, 0)
    assert [entry["event"] for entry in door.entries()] == ["start", "refusal"]


def test_every_refusal_is_on_record_with_its_reason(door: Door) -> None:
    with pytest.raises(Refused, match="not signed"):
        door.gate.accept(SignedEnvelope(payload=door.signed().payload, signature=b"x" * 64), 0)
    with pytest.raises(Refused, match="no such parameter"):
        door.gate.accept(door.signed(params={"shell": "sh"}), 0)
    with pytest.raises(Refused, match="8 runs are live"):
        door.gate.accept(door.signed(), 8)
    switch_off(door.paths.switch, Switch("ada", "", 1))
    door.power.refresh()
    with pytest.raises(Refused, match="switched off on this host by ada"):
        door.gate.accept(door.signed(), 0)
    entries = door.entries()
    assert [entry["event"] for entry in entries] == ["refusal"] * 4
    assert all(entry["refused"] and len(str(entry["run"])) == 32 for entry in entries)
    assert entries[0]["user"] == "", "what nobody signed is not taken for somebody's word"


@pytest.mark.parametrize("broken", ["audit", "seen_ids"])
def test_what_cannot_be_recorded_is_not_started(door: Door, broken: str) -> None:
    path = getattr(door.paths, broken)
    path.unlink(missing_ok=True)
    path.mkdir()
    with pytest.raises(Refused):
        door.gate.accept(door.signed(), 0)


def test_stops_and_ends_are_on_record(door: Door) -> None:
    accepted = door.gate.accept(door.signed(), 0)
    door.gate.asked_to_stop(accepted.command, EndCause.END_CAUSE_STOPPED, "by ada")
    lost = [Loss(cause=LossCause.LOSS_CAUSE_RING, events=2)]
    door.gate.ended(
        RunUpdate(
            run_id=accepted.command.run_id,
            end=RunEnd(cause=EndCause.END_CAUSE_STOPPED, message="by ada", ledger_known=True),
            ledger=Ledger(seen=12, stored=10, lost=lost),
        )
    )
    _, stop, end = door.entries()
    assert (stop["event"], stop["cause"], stop["message"]) == ("stop", "stopped", "by ada")
    assert end["ledger"] == {"seen": 12, "stored": 10, "lost": {"ring": 2}}
    assert end["ledger_known"] is True
