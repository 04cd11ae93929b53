"""What a session would reveal, judged by this host itself: where a tool's columns depend on what is asked for, so does
its risk, and the server's word on it does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.kernel.tracepoint_request import tracepoint_request
from agent.kernel.tracepoints import TracepointError
from agent.warden.envelope import Refused
from bpf.arguments import ArgumentError, call_texts
from bpf.dynamic import dynamic_stream
from bpf.params import Value
from proto.v1 import tool_pb2 as pb

Judge = Callable[[Mapping[str, Value]], tuple[pb.Risk, str]]


def session_risk(tool: pb.Tool, values: Mapping[str, Value]) -> tuple[pb.Risk, str]:
    """The risk class, and what makes it higher than the tool's own. Raises Refused when what is asked for does not
    exist on this host. Whatever cannot be judged is the highest class.
    """
    stream = dynamic_stream(tool)
    if stream is None:
        return tool.risk, ""
    judge = _JUDGES.get(stream.dynamic)
    if judge is None:
        return pb.RISK_S3, "this agent cannot tell what it shows"
    risk, why = judge(values)
    return (risk, why) if risk > tool.risk else (tool.risk, "")


def _tracepoint(values: Mapping[str, Value]) -> tuple[pb.Risk, str]:
    try:
        asked = tracepoint_request(values)
    except TracepointError as error:
        raise Refused(str(error)) from error
    return asked.risk(), asked.why()


def _call(values: Mapping[str, Value]) -> tuple[pb.Risk, str]:
    try:
        texts = call_texts(values)
    except ArgumentError as error:
        raise Refused(str(error)) from error
    return (pb.RISK_S3, f"what {texts} points to") if texts else (pb.RISK_S2, "")


_JUDGES: dict[int, Judge] = {
    pb.DYNAMIC_TRACEPOINT: _tracepoint,
    pb.DYNAMIC_CALL: _call,
    pb.DYNAMIC_USDT: _call,
}
