"""The risk class of a session, from its tool and what is asked for, as far as the server can know it."""

from __future__ import annotations

from collections.abc import Mapping

from bpf.arguments import ArgumentError, call_texts
from bpf.dynamic import dynamic_stream
from proto.v1 import tool_pb2 as pb
from server.accounts.models import Risk

_CALLS = (pb.DYNAMIC_CALL, pb.DYNAMIC_USDT)


def tool_risk(tool: pb.Tool) -> Risk:
    return Risk(int(tool.risk) - int(pb.RISK_S0))


def session_risk(tool: pb.Tool, params: Mapping[str, str], stated: int | None = None) -> Risk:
    """The most that it may reveal. Only hosts know a tracepoint's fields: that counts as the highest class unless a
    lower one is ``stated``, which the envelope carries and each host holds the session to.
    """
    stream = dynamic_stream(tool)
    if stream is None:
        return tool_risk(tool)
    if stream.dynamic in _CALLS:
        return Risk.S3 if _reads_memory(params) else Risk(max(tool_risk(tool), Risk.S2))
    if stated is None or params.get("strings"):
        return Risk.S3
    return Risk(max(tool_risk(tool), stated))


def _reads_memory(params: Mapping[str, str]) -> bool:
    try:
        return bool(call_texts(params))
    except ArgumentError:
        return True  # refused before it starts; until then the worst
