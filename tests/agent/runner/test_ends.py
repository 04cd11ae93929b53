"""Why a run ends, in words."""

from __future__ import annotations

import pytest

from agent.runner.ends import agent_stopped, final_end, limit_reached, run_end
from proto.v1 import stream_pb2 as pb
from proto.v1.agent_pb2 import RunLimits

LIMITS = RunLimits(duration_ms=2500, rows=10, bytes=99)


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (pb.END_CAUSE_DURATION, "ended after 2.5 s, its limit"),
        (pb.END_CAUSE_ROWS, "ended after 10 rows, its limit"),
        (pb.END_CAUSE_BYTES, "ended after 99 bytes, its limit"),
    ],
)
def test_a_limit_says_which_one(cause: pb.EndCause, message: str) -> None:
    assert limit_reached(cause, LIMITS) == pb.RunEnd(cause=cause, message=message, ledger_known=True)


def test_a_limit_that_the_last_rows_hit_is_the_cause_unless_somebody_stopped_the_run() -> None:
    stopped = pb.RunEnd(cause=pb.END_CAUSE_STOPPED, message="stopped")
    exited = run_end(pb.END_CAUSE_TARGET_EXITED, "process 7 ended")
    assert final_end(exited, pb.END_CAUSE_ROWS, LIMITS) == limit_reached(pb.END_CAUSE_ROWS, LIMITS)
    assert final_end(exited, pb.END_CAUSE_UNSPECIFIED, LIMITS) == exited
    assert final_end(stopped, pb.END_CAUSE_ROWS, LIMITS) == stopped


def test_other_ends_say_what_happened() -> None:
    assert agent_stopped("why").cause == pb.END_CAUSE_AGENT_STOPPED
