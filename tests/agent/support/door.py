"""The gate of a host with its policy, keys and record in a folder, and the server's keys to sign for it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.config import AgentPaths
from agent.warden.audit import HostAudit
from agent.warden.gate import Gate, Records
from agent.warden.power import Power
from agent.warden.seen import SeenRuns
from agent.warden.witness import Witness
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Envelope, SignedEnvelope
from tests.agent.support.commands import envelope, sign
from tests.agent.support.heads import StartLog
from tests.agent.support.pki import Authority

CATALOG = {name: load_tool(ROOT / name) for name in ("opensnoop", "sslsniff", "uprobe", "usdt")}


class Door:
    def __init__(self, folder: Path, log_key: Ed25519PrivateKey | None = None) -> None:
        self.paths = AgentPaths(folder, folder / "policy.toml")
        self.policy("")
        self.authority, self.log = Authority(), StartLog(key=log_key)
        self.identity = self.authority.identity("localhost:1")
        self.power = Power(self.paths)
        seen = SeenRuns(self.paths.seen_ids, time.time_ns())
        audit = HostAudit(self.paths.audit)
        self.witness = Witness(self.paths, audit, lambda _: None)
        self.gate = Gate(self.identity, CATALOG, self.power, Records(audit, self.witness), seen)

    def policy(self, text: str) -> None:
        self.paths.policy.write_text(text)
        self.paths.policy.chmod(0o644)

    def signed(self, **changes: object) -> SignedEnvelope:
        return self.sealed(envelope(self.identity.host_id, **changes))  # type: ignore[arg-type]

    def sealed(self, start: Envelope) -> SignedEnvelope:
        """With the server's own key, and put on record."""
        return self.recorded(sign(start, self.authority.command))

    def recorded(self, signed: SignedEnvelope) -> SignedEnvelope:
        """As a server does it, whoever signed it."""
        head, told = self.log.recorded(signed)
        self.witness.offered(head)
        return told

    def entries(self) -> list[dict[str, object]]:
        """But for the first head of the server's audit."""
        lines = [json.loads(line) for line in self.paths.audit.read_text().splitlines()]
        return [line for line in lines if line["event"] != "head"]
