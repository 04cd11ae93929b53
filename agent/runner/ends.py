"""Why a run ends, in one line for people."""

from __future__ import annotations

from proto.v1.agent_pb2 import RunLimits
from proto.v1.stream_pb2 import (
    END_CAUSE_AGENT_STOPPED,
    END_CAUSE_BYTES,
    END_CAUSE_DURATION,
    END_CAUSE_ROWS,
    END_CAUSE_TARGET_EXITED,
    EndCause,
    RunEnd,
)


def run_end(cause: EndCause, message: str) -> RunEnd:
    return RunEnd(cause=cause, message=message, ledger_known=True)


def limit_reached(cause: EndCause, limits: RunLimits) -> RunEnd:
    texts = {
        END_CAUSE_DURATION: f"ended after {limits.duration_ms / 1000:g} s, its limit",
        END_CAUSE_ROWS: f"ended after {limits.rows} rows, its limit",
        END_CAUSE_BYTES: f"ended after {limits.bytes} bytes, its limit",
    }
    return run_end(cause, texts[cause])


def final_end(end: RunEnd, reached: EndCause, limits: RunLimits) -> RunEnd:
    """What was still in the rings may have hit a limit after the run was found to be over for another reason."""
    if reached and end.cause in (END_CAUSE_DURATION, END_CAUSE_TARGET_EXITED):
        return limit_reached(reached, limits)
    return end


def agent_stopped(why: str) -> RunEnd:
    return run_end(END_CAUSE_AGENT_STOPPED, why)
