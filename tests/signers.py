"""People with keys: what `ssh-keygen -Y sign` and a browser's passkey would write, made without either."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from proto.signatures import PASSKEY, SSH
from proto.specification import NAMESPACE, challenge
from proto.v1.agent_pb2 import Assertion, PersonSignature

RP_ID = "fleetscope.test"
ORIGIN = "https://fleetscope.test"


def _packed(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


@dataclass
class SshSigner:
    key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    @property
    def blob(self) -> bytes:
        return _packed(SSH.encode(), self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @property
    def line(self) -> str:
        return f"{SSH} {base64.b64encode(self.blob).decode()} somebody@laptop"

    def sign(self, payload: bytes, namespace: str = NAMESPACE) -> PersonSignature:
        names = namespace.encode(), b"", b"sha512"
        signed = b"SSHSIG" + _packed(*names, hashlib.sha512(payload).digest())
        signature = _packed(SSH.encode(), self.key.sign(signed))
        return PersonSignature(ssh=b"SSHSIG" + struct.pack(">I", 1) + _packed(self.blob, *names, signature))


@dataclass
class PasskeySigner:
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def line(self) -> str:
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"{PASSKEY} {base64.b64encode(der).decode()}"

    def sign(
        self, payload: bytes, *, rp_id: str = RP_ID, flags: int = 5, challenged: bytes = b"", **changes: object
    ) -> PersonSignature:
        asked = base64.urlsafe_b64encode(challenged or challenge(payload)).decode().rstrip("=")
        client = {"type": "webauthn.get", "challenge": asked, "origin": ORIGIN, "crossOrigin": False, **changes}
        client_data = json.dumps(client).encode()
        data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", 0)
        signed = data + hashlib.sha256(client_data).digest()
        made = (
            self.key.sign(signed)
            if isinstance(self.key, ed25519.Ed25519PrivateKey)
            else self.key.sign(signed, ec.ECDSA(SHA256()))
        )
        return PersonSignature(passkey=Assertion(authenticator_data=data, client_data=client_data, signature=made))
