from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.warden.envelope import Refused
from agent.warden.power import Switch, switch_off
from proto.v1.agent_pb2 import Filters, RunUpdate, SignedEnvelope
from proto.v1.stream_pb2 import EndCause, Ledger, Loss, LossCause, RunEnd
from tests.agent.support.commands import envelope, run_id_of
from tests.agent.support.door import CATALOG, Door


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_an_accepted_start_is_on_record_with_everything_that_was_asked(door: Door) -> None:
    start = envelope(door.identity.host_id, filters=Filters(pid=7, comm="x"))
    accepted = door.gate.accept(door.sealed(start), 0)
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
    signed = door.signed()
    path = getattr(door.paths, broken)
    path.unlink(missing_ok=True)
    path.mkdir()
    with pytest.raises(Refused, match=r"Is a directory"):
        door.gate.accept(signed, 0)


_WORD = st.text(max_size=30)
_NUMBER = st.integers(0, 2**64 - 1)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tool=st.sampled_from(["opensnoop", "execsnoop", "../opensnoop", ""]),
    digest=st.sampled_from([CATALOG["opensnoop"].digest, b""]),
    params=st.dictionaries(st.one_of(st.sampled_from(["access", "failed_only"]), _WORD), _WORD, max_size=3),
    comm=st.one_of(st.none(), _WORD),
    numbers=st.lists(_NUMBER, min_size=6, max_size=6),
    run_id=st.binary(max_size=20),
)
def test_whatever_a_server_signs_is_accepted_or_refused(
    door: Door, tool: str, digest: bytes, params: dict[str, str], comm: str | None, numbers: list[int], run_id: bytes
) -> None:
    start = envelope(door.identity.host_id, params=params)
    start.tool, start.tool_digest, start.runs[1].run_id = tool, digest, run_id
    start.user, start.reason = comm or "", f"why {comm}"
    if comm is not None:
        start.filters.comm = comm
    start.filters.pid = numbers[0] % 2**32
    limits = start.limits
    limits.duration_ms, limits.rows, limits.bytes, limits.events_per_second = numbers[1:5]
    limits.budget_permille = numbers[5] % 2**32
    try:
        accepted = door.gate.accept(door.sealed(start), 0)
    except Refused as refusal:
        assert "\n" not in str(refusal)
        return
    assert (tool, digest, len(run_id)) == ("opensnoop", CATALOG["opensnoop"].digest, 16)
    assert accepted.admission.limits.budget_permille <= door.power.policy.limits.budget_permille


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.binary(max_size=200), signature=st.binary(max_size=70))
def test_bytes_that_nobody_signed_start_nothing(door: Door, payload: bytes, signature: bytes) -> None:
    with pytest.raises(Refused):
        door.gate.accept(SignedEnvelope(payload=payload, signature=signature), 0)


def test_a_cause_without_a_name_is_recorded_as_its_number(door: Door) -> None:
    accepted = door.gate.accept(door.signed(), 0)
    door.gate.asked_to_stop(accepted.command, 99, "from the future")  # type: ignore[arg-type]
    assert door.entries()[-1]["cause"] == "unknown (99)"


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
