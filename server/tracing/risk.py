"""The risk class of a session, from its tool and what is asked for, as far as the server can know it.

Each host judges again: it knows the fields of its tracepoints.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bpf.arguments import ArgumentError
from bpf.calls import CALLS, call_reads, is_listed
from bpf.dynamic import dynamic_stream
from bpf.params import Value
from proto.v1 import tool_pb2 as pb
from server.accounts.models import Risk
from server.errors import Invalid


def risk_of(stated: int) -> Risk:
    """Of a manifest's or an envelope's; what says none counts as the highest."""
    return Risk(stated - pb.RISK_S0) if stated else Risk.S3


def session_risk(
    tool: pb.Tool,
    values: Mapping[str, Value],
    stated: int | None = None,
    listed: Sequence[Collection[str]] = (),
) -> Risk:
    """The most that it may reveal. Only hosts know a tracepoint's fields: that counts as the highest class unless a
    lower one is ``stated``, which the envelope carries and each host holds the session to. ``listed``: of each host the
    calls whose numbers its owner lets anybody read. Raises Invalid.
    """
    stream = dynamic_stream(tool)
    if stream is None:
        return risk_of(tool.risk)
    if stream.dynamic in CALLS:
        return max(risk_of(tool.risk), _call_risk(stream.dynamic, values, listed))
    if stated is None or values.get("strings"):
        return Risk.S3
    return max(risk_of(tool.risk), Risk(stated))


def _call_risk(dynamic: int, values: Mapping[str, Value], listed: Sequence[Collection[str]]) -> Risk:
    try:
        reads = call_reads(dynamic, values)
    except ArgumentError as error:
        raise Invalid(str(error), field="args") from error
    free = not reads.numbers or (listed and all(is_listed(reads.target, one) for one in listed))
    return Risk.S2 if free and not reads.texts else Risk.S3


def may_hold_plaintext(tool: pb.Tool, risk: Risk) -> bool:
    """Also where only the host can tell: it encrypts if it finds so, and needs a key for that."""
    return risk == Risk.S3 or dynamic_stream(tool) is not None
