"""May this verified start run here? The server's grant meets the manifest and the host's policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.warden.envelope import Refused
from agent.warden.policy import HostLimits, Policy
from agent.warden.risk import session_risk
from bpf.catalog import CatalogTool
from bpf.params import BUFFER_DEFAULT, ParamError, parse_filters, parse_limits, parse_params
from proto.shortform import enum_short
from proto.v1.agent_pb2 import Envelope, Filters, RunLimits
from proto.v1.tool_pb2 import Risk

KEY_BYTES = 32

_WORDS = {
    "duration_ms": "duration",
    "rows": "rows",
    "bytes": "bytes",
    "events_per_second": "events/s",
    "budget_permille": "budget",
}


@dataclass(frozen=True, slots=True)
class Admission:
    """``note`` tells which limits the host lowered and whom it leaves out; empty: none. ``risk``: what it reveals, or
    what it was started as when that is more. ``filters``: those asked for, and whom this host never traces."""

    limits: RunLimits
    filters: Filters
    note: str
    risk: int

    @property
    def encrypt(self) -> bool:
        """Plaintext of people or programs reaches no disk as it is."""
        return self.risk >= Risk.RISK_S3


def admit(envelope: Envelope, catalog: Mapping[str, CatalogTool], policy: Policy) -> Admission:
    """Raises Refused."""
    known = catalog.get(envelope.tool)
    if known is None:
        raise Refused(f"this host's agent has no tool {envelope.tool!r}; update the agent")
    if known.digest != envelope.tool_digest:
        raise Refused(f"{envelope.tool} differs between server and this host's agent; update whichever is older")
    if reason := policy.forbids_tool(known.tool):
        raise Refused(reason)
    try:
        values = parse_params(known.tool, dict(envelope.params))
        parse_filters(known.tool, envelope.filters)
        if reason := policy.never_trace.forbids_target(envelope.filters):
            raise Refused(reason)
        filters = policy.never_trace.without(envelope.filters)
        parse_filters(known.tool, filters)
        asked = parse_limits(known.tool, envelope.limits)
    except ParamError as error:
        raise Refused(str(error)) from error
    risk, why = _revealed(policy) if envelope.reveal else session_risk(known.tool, values, policy.numbers)
    if why and (reason := policy.forbids(envelope.tool, risk)):
        raise Refused(f"{reason}, or leave out what makes it so: {why}")
    if envelope.risk not in Risk.values():
        raise Refused(f"the start states class {envelope.risk}, which this agent does not know; update it")
    if risk > envelope.risk > 0:
        raise Refused(f"{_beyond(envelope.tool, risk, envelope.risk)}{f': leave out {why}' if why else ''}")
    limits, note = lower(asked, policy.limits)
    note = "; ".join(filter(None, [note, policy.never_trace.note]))
    admission = Admission(limits, filters, note, max(risk, envelope.risk))
    if admission.encrypt and len(envelope.payload_key) != KEY_BYTES:
        raise Refused("rows of risk class S3 are stored encrypted, and the start names no key; update the server")
    return admission


def _revealed(policy: Policy) -> tuple[Risk, str]:
    """Rows as they are may hold what people keep secret, whatever the tool. Raises Refused."""
    if reason := policy.redaction.forbids_reveal():
        raise Refused(reason)
    return Risk.RISK_S3, "rows without redaction"


def _beyond(tool: str, risk: int, stated: int) -> str:
    shown, most = (enum_short(Risk.DESCRIPTOR, number).upper() for number in (risk, stated))
    return f"{tool} would reveal class {shown} here and was started as {most}; state a higher class at the start"


def lower(asked: RunLimits, host: HostLimits) -> tuple[RunLimits, str]:
    """Of every limit the lesser, 0 is no limit; and which ones the host lowered, for people."""
    limits, lowered = RunLimits(), []
    for name, word in _WORDS.items():
        wanted, most = getattr(asked, name), getattr(host, name)
        setattr(limits, name, min(wanted, most) if wanted and most else wanted or most)
        if most and (wanted > most or not wanted):
            lowered.append(f"{word} {_shown(name, most)}")
    if asked.buffer_bytes > (most := host.buffer_bytes or asked.buffer_bytes):
        lowered.append(f"buffer {most >> 20} MiB")
    # Nothing asked for is no buffer of 0 bytes: the runner sizes it, up to what the host allows.
    limits.buffer_bytes = min(asked.buffer_bytes, most) or (most if most < BUFFER_DEFAULT else 0)
    return limits, f"this host's policy sets: {', '.join(lowered)}" if lowered else ""


def _shown(name: str, value: int) -> str:
    if name == "duration_ms":
        return f"{value / 1000:g} s"
    return f"{value / 10:g}%" if name == "budget_permille" else str(value)
