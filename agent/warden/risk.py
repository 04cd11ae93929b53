"""What a session would reveal, judged by this host itself: where a tool's columns depend on what is asked for, so does
its risk, and the server's word on it does not count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from agent.kernel.tracepoint_request import tracepoint_request
from agent.kernel.tracepoints import TracepointError
from agent.warden.envelope import Refused
from bpf.arguments import ArgumentError
from bpf.calls import CALLS, Reads, call_reads, is_listed
from bpf.dynamic import dynamic_stream
from bpf.params import Value
from proto.v1 import tool_pb2 as pb

Judge = Callable[[Mapping[str, Value], Sequence[str]], tuple[pb.Risk, str]]


def session_risk(tool: pb.Tool, values: Mapping[str, Value], listed: Sequence[str]) -> tuple[pb.Risk, str]:
    """The risk class, and what makes it higher than the tool's own. ``listed``: calls whose numbers this host's owner
    lets anybody read. Raises Refused when what is asked for does not exist on this host. Whatever cannot be judged is
    the highest class.
    """
    stream = dynamic_stream(tool)
    if stream is None:
        return tool.risk, ""
    judge = _JUDGES.get(stream.dynamic)
    if judge is None:
        return pb.RISK_S3, "this agent cannot tell what it shows"
    risk, why = judge(values, listed)
    return (risk, why) if risk > tool.risk else (tool.risk, "")


def _tracepoint(values: Mapping[str, Value], _listed: Sequence[str]) -> tuple[pb.Risk, str]:
    try:
        asked = tracepoint_request(values)
    except TracepointError as error:
        raise Refused(str(error)) from error
    return asked.risk(), asked.why()


def _call(dynamic: int, values: Mapping[str, Value], listed: Sequence[str]) -> tuple[pb.Risk, str]:
    try:
        reads = call_reads(dynamic, values)
    except ArgumentError as error:
        raise Refused(str(error)) from error
    if reads.texts:
        return pb.RISK_S3, f"what {reads.texts} points to"
    if not reads.numbers:
        return pb.RISK_S2, ""
    if not is_listed(reads.target, listed):
        return pb.RISK_S3, f"{_numbers(reads)}, which its owner can let anybody read by `numbers.allow`"
    file = reads.target.partition(":")[0]
    if (real := os.path.realpath(file)) != file:
        return pb.RISK_S3, f"{_numbers(reads)}, for {file} is another name of {real} here: give that, if it is listed"
    return pb.RISK_S2, ""


def _numbers(reads: Reads) -> str:
    return f"the numbers of {reads.numbers}"


_JUDGES: dict[int, Judge] = {
    pb.DYNAMIC_TRACEPOINT: _tracepoint,
    **{dynamic: partial(_call, dynamic) for dynamic in CALLS},
}
