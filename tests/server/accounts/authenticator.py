"""An authenticator in software: makes passkeys and signs with them, as a browser would send it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

RP_ID, ORIGIN = "localhost", "http://localhost:8000"
FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass
class Authenticator:
    """`origin`, `rp_id` and `flags` are what the browser and the device claim."""

    rp_id: str = RP_ID
    origin: str = ORIGIN
    flags: AuthenticatorData.FLAG = FLAGS
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def make(self, challenge: str) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`; `challenge` as the options hold it."""
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        made = AttestedCredentialData.create(bytes(16), self.credential_id, public)
        data = AuthenticatorData.create(self._rp_hash(), self.flags | AuthenticatorData.FLAG.AT, self.count, made)
        attestation = AttestationObject.create("none", data, {})
        return self._answer(attestationObject=bytes(attestation), clientDataJSON=self._client("create", challenge))

    def sign(self, challenge: str) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        client = self._client("get", challenge)
        data = AuthenticatorData.create(self._rp_hash(), self.flags, self.count)
        signature = self.key.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(authenticatorData=bytes(data), clientDataJSON=client, signature=signature)

    def _client(self, kind: str, challenge: str) -> bytes:
        facts = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(facts).encode()

    def _rp_hash(self) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest()

    def _answer(self, **response: bytes) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        parts = {key: websafe_encode(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": parts, "clientExtensionResults": {}}
