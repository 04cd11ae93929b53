"""What a session would reveal, as far as the server can tell. Each host judges again: it knows its tracepoints."""

from __future__ import annotations

from collections.abc import Mapping

from bpf.arguments import ArgumentError, call_texts
from bpf.dynamic import dynamic_stream
from bpf.params import Value, parse_params
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Envelope
from server.errors import Invalid


def session_risk(tool: pb.Tool, values: Mapping[str, Value]) -> int:
    """Raises Invalid."""
    stream = dynamic_stream(tool)
    if stream is None:
        return tool.risk
    try:
        texts = values.get("strings") if stream.dynamic == pb.DYNAMIC_TRACEPOINT else call_texts(values)
    except ArgumentError as error:
        raise Invalid(str(error), field="args") from error
    return pb.RISK_S3 if texts else tool.risk


def draft_risk(tool: pb.Tool, draft: Envelope) -> int:
    """Of a checked draft."""
    return pb.RISK_S3 if draft.reveal else session_risk(tool, parse_params(tool, draft.params))


def may_hold_plaintext(tool: pb.Tool, risk: int) -> bool:
    """Also where only the host can tell: it encrypts if it finds so, and needs a key for that."""
    return risk == pb.RISK_S3 or dynamic_stream(tool) is not None
