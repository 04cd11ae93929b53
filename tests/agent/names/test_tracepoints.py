from __future__ import annotations

import pytest

from agent.kernel.tracepoints import tracepoint_names
from agent.names.found import NotAnswered
from agent.names.tracepoints import tracepoint_fields, tracepoints
from proto.v1.agent_pb2 import Ask
from proto.v1.tool_pb2 import RISK_S1, RISK_S3


def test_events_are_found_by_either_half_of_their_name() -> None:
    found = tracepoints(Ask(text="sched_switch", limit=5))
    assert found.names[0].value == "sched:sched_switch"
    assert "prev_comm" in found.names[0].detail.split(", ")
    assert tracepoints(Ask(text="sched:sched_switch", limit=5)).total >= 1


def test_all_of_the_kernels_are_counted() -> None:
    found = tracepoints(Ask(text="", limit=3))
    assert (found.total, len(found.names)) == (len(tracepoint_names()), 3)


def test_fields_come_with_their_types_and_what_they_reveal() -> None:
    found = tracepoint_fields(Ask(text="sched:sched_process_exec", limit=9))
    known = {name.value: (name.detail, name.shape, name.risk) for name in found.names}
    assert known["filename"] == ("char[]", "text", RISK_S3)
    assert known["pid"] == ("pid_t", "number", RISK_S1)
    assert not any(name.startswith("common_") for name in known)
    assert found.total == len(known)
    assert len(tracepoint_fields(Ask(text="sched:sched_process_exec", limit=1)).names) == 1


@pytest.mark.parametrize("text", ["", "sched", "sched:none", "../..:etc", "sched:../../../etc/passwd", "sched:\0"])
def test_a_name_is_never_a_path(text: str) -> None:
    with pytest.raises(NotAnswered, match="no tracepoint"):
        tracepoint_fields(Ask(text=text, limit=1))
