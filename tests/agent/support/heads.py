"""An audit that grows on request, its signed heads, and the proofs between them."""

from __future__ import annotations

import datetime
import hashlib
import json
import time
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proto import checkpoint, merkle
from proto.v1.agent_pb2 import AuditHead, Envelope, SignedEnvelope, StartRecord


class Log:
    """``word`` makes it another log of the same key, from its first entry on."""

    def __init__(self, word: str = "entry", key: Ed25519PrivateKey | None = None) -> None:
        self.word, self.key = word, key or Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()

    def leaf(self, index: int) -> bytes:
        return f"{self.word} {index}".encode()

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return merkle.leaf_hash(self.leaf(index))
        return merkle.node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def note(self, size: int, time: str = "2026-01-02T03:04:05+00:00") -> str:
        root = merkle.root_of(size, self.node)
        return checkpoint.sign(checkpoint.Checkpoint(checkpoint.origin_of(self.public), size, root, time), self.key)

    def head(self, size: int, since: int = 0, time: str = "2026-01-02T03:04:05+00:00") -> AuditHead:
        proof = merkle.consistency_proof(since, size, self.node) if 0 < since <= size else []
        return AuditHead(note=self.note(size, time), log_key=self.public, proof=proof, since=since)


def moment(ago: float = 0) -> str:
    """As entries and heads tell it; seconds."""
    return datetime.datetime.fromtimestamp(time.time() - ago, datetime.UTC).isoformat()


def entry_of(signed: SignedEnvelope, index: int, time: str = "") -> dict[str, object]:
    """As a server writes it."""
    start = Envelope.FromString(signed.payload)
    targets = [{"run": _id(run.run_id), "host_id": run.host_id, "host": run.host_name} for run in start.runs]
    return {
        "id": index + 1,
        "time": time or moment(),
        "actor": start.user,
        "action": "session.start",
        "outcome": "done",
        "session": _id(start.session_id),
        "detail": {"envelope": hashlib.sha256(signed.payload).hexdigest(), "targets": targets},
    }


class StartLog(Log):
    """One that starts are put on record in. ``size``: so many entries stand in it before the first."""

    def __init__(self, size: int = 9, key: Ed25519PrivateKey | None = None) -> None:
        super().__init__(key=key)
        self.first, self.starts = size, list[bytes]()
        self._nodes: dict[tuple[int, int], bytes] = {}  # of whole subtrees, which never change

    @property
    def size(self) -> int:
        return self.first + len(self.starts)

    def leaf(self, index: int) -> bytes:
        return self.starts[index - self.first] if self.first <= index < self.size else super().leaf(index)

    def node(self, level: int, index: int) -> bytes:
        if (level, index) not in self._nodes:
            self._nodes[level, index] = super().node(level, index)
        return self._nodes[level, index]

    def add(self, signed: SignedEnvelope, time: str = "", **changes: object) -> bytes:
        """An entry of the start, with these fields changed."""
        entry = entry_of(signed, self.size, time) | changes
        self.starts.append(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode())
        return self.starts[-1]

    def record(self, index: int, time: str = "") -> StartRecord:
        """Of the leaf, under the head of all there are."""
        proof = merkle.inclusion_path(index, self.size, self.node)
        return StartRecord(
            entry=self.leaf(index), index=index, proof=proof, note=self.note(self.size, time or moment())
        )

    def recorded(self, signed: SignedEnvelope) -> tuple[AuditHead, SignedEnvelope]:
        """Put on record: what a host hears first, and the start."""
        before = self.size
        self.add(signed)
        told = SignedEnvelope()
        told.CopyFrom(signed)
        told.record.CopyFrom(self.record(before))
        return AuditHead(note=told.record.note, log_key=self.public, proof=self._proof(before), since=before), told

    def _proof(self, since: int) -> list[bytes]:
        return merkle.consistency_proof(since, self.size, self.node)


def _id(value: bytes) -> str:
    return str(uuid.UUID(bytes=value)) if len(value) == 16 else value.hex()
