"""Checks once more what the warden hands over, so that a run starts with a request that means something."""

from __future__ import annotations

from bpf.catalog import ROOT, CatalogTool, load_tool
from bpf.manifest import ManifestError, ParamError, parse_filters, parse_params
from bpf.params import Value
from proto.v1.local_pb2 import RunnerConfig


class PrepareError(ValueError):
    """The run cannot start. The text is one line for people."""


def load_request(config: RunnerConfig) -> tuple[CatalogTool, dict[str, Value]]:
    """The tool as this host has it and the values of its parameters. Raises PrepareError."""
    envelope = config.envelope
    if not envelope.tool.isidentifier():
        raise PrepareError(f"there is no tool {envelope.tool!r}")
    try:
        entry = load_tool(ROOT / envelope.tool)
        parse_filters(entry.tool, envelope.filters)
        values = parse_params(entry.tool, envelope.params)
    except (ManifestError, ParamError) as error:
        raise PrepareError(str(error)) from error
    if entry.digest != envelope.tool_digest:
        raise PrepareError(f"{envelope.tool} on this host is not the version that was asked for; update the agent")
    own = {envelope.filters.pid, envelope.filters.tid} & set(config.own_pids) - {0}
    if own:
        raise PrepareError(f"process {own.pop()} is the agent itself, which is never traced; choose another one")
    return entry, values
