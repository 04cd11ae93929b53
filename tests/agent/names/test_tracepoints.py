from __future__ import annotations

import pytest

from agent.kernel.mounts import ensure_mounts
from agent.names.found import NotAnswered
from agent.names.tracepoints import EVENTS, fields, tracepoint_fields, tracepoints
from proto.v1.agent_pb2 import Ask


@pytest.fixture(scope="module", autouse=True)
def _mounted() -> None:
    ensure_mounts()


def test_events_are_found_by_either_half_of_their_name() -> None:
    found = tracepoints(Ask(text="sched_switch", limit=5))
    assert found.names[0].value == "sched:sched_switch"
    assert "prev_comm" in found.names[0].detail.split(", ")
    assert tracepoints(Ask(text="sched:sched_switch", limit=5)).total >= 1


def test_all_of_the_kernels_are_counted() -> None:
    lines = (EVENTS.parent / "available_events").read_text().splitlines()
    found = tracepoints(Ask(text="", limit=3))
    assert (found.total, len(found.names)) == (len(lines), 3)


def test_fields_come_with_their_types_and_without_the_common_ones() -> None:
    known = dict(fields("sched:sched_switch"))
    assert known["prev_pid"] == "pid_t"
    assert known["next_comm"].replace(" ", "") == "char[16]"
    assert not any(name.startswith("common_") for name in known)
    found = tracepoint_fields(Ask(text="sched:sched_switch", limit=1))
    assert (len(found.names), found.total) == (1, len(known))


@pytest.mark.parametrize("text", ["", "sched", "sched:none", "../..:etc", "sched:../../../etc/passwd", "sched:\0"])
def test_a_name_is_never_a_path(text: str) -> None:
    assert fields(text) == []
    with pytest.raises(NotAnswered, match="there is no tracepoint"):
        tracepoint_fields(Ask(text=text, limit=1))
