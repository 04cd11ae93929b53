"""Finds out on this host what the columns of a run are, where the tool's manifest cannot know them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from agent.runner.attach import Request
from agent.runner.calls import resolve_uprobe, resolve_usdt
from agent.runner.resolved import Resolved
from agent.runner.tracepoint import resolve_tracepoint
from bpf.dynamic import dynamic_stream, with_raw
from proto.v1 import tool_pb2 as pb

# ``taken``: names of the manifest's columns. Each raises AttachError.
_RESOLVERS: dict[int, Callable[[Request, Sequence[str]], Resolved]] = {
    pb.DYNAMIC_TRACEPOINT: resolve_tracepoint,
    pb.DYNAMIC_CALL: resolve_uprobe,
    pb.DYNAMIC_USDT: resolve_usdt,
}


def resolve(request: Request) -> Request:
    """The request as it can be attached. Raises AttachError."""
    stream = dynamic_stream(request.entry.tool)
    if stream is None:
        return request
    taken = [column.name for column in stream.columns]
    resolved = _RESOLVERS[stream.dynamic](request, taken)
    entry = dataclasses.replace(request.entry, tool=with_raw(request.entry.tool, resolved.classes))
    return dataclasses.replace(request, entry=entry, resolved=resolved)
