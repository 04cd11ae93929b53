"""The door that every start passes: envelope, both records, policy. Nothing is loaded before all say yes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from google.protobuf.descriptor import EnumDescriptor

from agent.clock import wall_ns
from agent.identity import Identity
from agent.warden.admission import Admission, admit
from agent.warden.audit import AuditError, HostAudit
from agent.warden.consent import Agreed, check_consent
from agent.warden.envelope import Command, Refused, claimed_run, open_envelope
from agent.warden.power import Power
from agent.warden.recorded import check_record
from agent.warden.seen import SeenRuns
from agent.warden.witness import Witness
from bpf.catalog import CatalogTool
from proto.shortform import enum_short, set_fields
from proto.v1.agent_pb2 import Envelope, ResolvedTargets, RunUpdate, SignedEnvelope
from proto.v1.stream_pb2 import EndCause, LossCause


@dataclass(frozen=True, slots=True)
class Accepted:
    """``agreed``: of risk S3, who signed; else None."""

    command: Command
    admission: Admission
    agreed: Agreed | None


@dataclass(frozen=True, slots=True)
class Records:
    """This host's own record, and its eye on the server's."""

    own: HostAudit
    server: Witness


class Gate:
    def __init__(
        self,
        identity: Identity,
        catalog: Mapping[str, CatalogTool],
        power: Power,
        records: Records,
        seen: SeenRuns,
    ) -> None:
        self._identity, self._catalog, self._power = identity, catalog, power
        self._audit, self._witness, self._seen = records.own, records.server, seen

    def accept(self, signed: SignedEnvelope, live_runs: int) -> Accepted:
        """On record when it returns. Raises Refused, which is on record too if it can be."""
        try:
            command = open_envelope(signed, self._identity.command_key, self._identity.host_id, wall_ns())
        except Refused as refusal:
            claimed = Command(claimed_run(signed, self._identity.host_id), Envelope())
            self._record_refusal(claimed, signed, str(refusal))
            raise
        try:
            return self._decide(command, signed, live_runs)
        except Refused as refusal:
            self._record_refusal(command, signed, str(refusal))
            raise

    def ended(self, state: RunUpdate) -> None:
        """Raises AuditError."""
        lost = {_name(LossCause.DESCRIPTOR, loss.cause): loss.events for loss in state.ledger.lost}
        self._audit.record(
            "end",
            run=state.run_id.hex(),
            cause=_name(EndCause.DESCRIPTOR, state.end.cause),
            message=state.end.message,
            ledger={"seen": state.ledger.seen, "stored": state.ledger.stored, "lost": lost},
            redacted={item.kind: item.values for item in state.ledger.redacted},
            ledger_known=state.end.ledger_known,
            cost={
                "host_percent": round(state.cost.host_percent, 2),
                "bpf_run_ns": state.cost.bpf_run_ns,
                "runner_cpu_ns": state.cost.runner_cpu_ns,
            },
        )

    def resolved(self, command: Command, targets: ResolvedTargets) -> None:
        """Whom the run is about, before any probe is attached. Raises AuditError."""
        found = {name: [set_fields(item) for item in getattr(targets, name)] for name in ("processes", "groups")}
        self._audit.record("targets", run=command.run_id.hex(), **found)

    def asked_to_stop(self, command: Command, cause: EndCause, message: str) -> None:
        """Raises AuditError."""
        name = _name(EndCause.DESCRIPTOR, cause)
        self._audit.record("stop", run=command.run_id.hex(), cause=name, message=message)

    def _decide(self, command: Command, signed: SignedEnvelope, live_runs: int) -> Accepted:
        if command.run_id in self._seen:
            raise Refused("this run was started on this host before; a run starts only once")
        self._power.refresh()  # what the owner wrote a moment ago holds
        if reason := self._power.off_reason or self._witness.trouble:
            raise Refused(reason)
        recorded = check_record(command, signed, self._witness, wall_ns())
        policy = self._power.policy
        if live_runs >= policy.limits.runs:
            raise Refused(f"{live_runs} runs are live on this host and its policy allows no more; stop one first")
        admission = admit(command.envelope, self._catalog, policy)
        agreed = check_consent(command.envelope, policy.approvals, wall_ns()) if admission.encrypt else None
        try:
            self._seen.add(command.run_id, wall_ns())
            who = _who(command, signed)
            told = {"note": admission.note, "recorded": asdict(recorded)}
            self._audit.record("start", **who, **told, **({"consent": asdict(agreed)} if agreed else {}))
        except (OSError, AuditError) as error:
            raise Refused(str(error)) from error
        return Accepted(command, admission, agreed)

    def _record_refusal(self, command: Command, signed: SignedEnvelope, reason: str) -> None:
        try:
            self._audit.record("refusal", **_who(command, signed), refused=reason)
        except AuditError:
            return  # nothing was done that the line would have told


def _who(command: Command, signed: SignedEnvelope) -> dict[str, Any]:
    envelope = command.envelope
    return {
        "run": command.run_id.hex(),
        "envelope": hashlib.sha256(signed.payload).hexdigest(),
        "session": envelope.session_id.hex(),
        "user": envelope.user,
        "reason": envelope.reason,
        "tool": envelope.tool,
        "digest": envelope.tool_digest.hex(),
        "params": dict(envelope.params),
        "filters": set_fields(envelope.filters),
        "limits": {field.name: value for field, value in envelope.limits.ListFields()},
        "reveal": envelope.reveal,
        "approvals": list(envelope.approvals),
        "hosts": len(envelope.runs),
        "audit": {"size": envelope.audit_size, "root": envelope.audit_root.hex()},
    }


def _name(enum: EnumDescriptor, number: int) -> str:
    """A newer server may send what this agent has no name for."""
    return enum_short(enum, number) or f"unknown ({number})"
