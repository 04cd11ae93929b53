"""The risk class of a session, from its tool and what is asked for, as far as the server can know it.

Each host judges again: it knows the fields of its tracepoints.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpf.arguments import ArgumentError, call_texts
from bpf.dynamic import dynamic_stream
from bpf.params import Value
from proto.v1 import tool_pb2 as pb
from server.accounts.models import Risk
from server.errors import Invalid

_CALLS = (pb.DYNAMIC_CALL, pb.DYNAMIC_USDT)


def risk_of(stated: int) -> Risk:
    """Of a manifest's or an envelope's; what says none counts as the highest."""
    return Risk(stated - pb.RISK_S0) if stated else Risk.S3


def session_risk(tool: pb.Tool, values: Mapping[str, Value], stated: int | None = None) -> Risk:
    """The most that it may reveal. Only hosts know a tracepoint's fields: that counts as the highest class unless a
    lower one is ``stated``, which the envelope carries and each host holds the session to. Raises Invalid.
    """
    stream = dynamic_stream(tool)
    if stream is None:
        return risk_of(tool.risk)
    if stream.dynamic in _CALLS:
        return Risk.S3 if _reads_memory(values) else max(risk_of(tool.risk), Risk.S2)
    if stated is None or values.get("strings"):
        return Risk.S3
    return max(risk_of(tool.risk), Risk(stated))


def _reads_memory(values: Mapping[str, Value]) -> bool:
    try:
        return bool(call_texts(values))
    except ArgumentError as error:
        raise Invalid(str(error), field="args") from error


def may_hold_plaintext(tool: pb.Tool, risk: Risk) -> bool:
    """Also where only the host can tell: it encrypts if it finds so, and needs a key for that."""
    return risk == Risk.S3 or dynamic_stream(tool) is not None
