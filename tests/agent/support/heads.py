"""An audit that grows on request, its signed heads, and the proofs between them."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proto import checkpoint, merkle
from proto.v1.agent_pb2 import AuditHead


class Log:
    """``word`` makes it another log of the same key, from its first entry on."""

    def __init__(self, word: str = "entry", key: Ed25519PrivateKey | None = None) -> None:
        self.word, self.key = word, key or Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return merkle.leaf_hash(f"{self.word} {index}".encode())
        return merkle.node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def note(self, size: int, time: str = "2026-01-02T03:04:05+00:00") -> str:
        root = merkle.root_of(size, self.node)
        return checkpoint.sign(checkpoint.Checkpoint(checkpoint.origin_of(self.public), size, root, time), self.key)

    def head(self, size: int, since: int = 0) -> AuditHead:
        proof = merkle.consistency_proof(since, size, self.node) if 0 < since <= size else []
        return AuditHead(note=self.note(size), log_key=self.public, proof=proof, since=since)
