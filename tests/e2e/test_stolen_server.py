"""Somebody has stolen a server: its keys, its database, its open connections to hosts.

A real agent is told whatever they like; it runs nothing that people did not agree to, and its own record has every try.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agent.warden.envelope import CONTEXT
from proto.v1.agent_pb2 import Envelope, Filters, RunLimits, SignedEnvelope
from tests.agent.support.commands import envelope, run_id_of, sign
from tests.agent.support.consent import ADA, BOB, POLICY, agreed
from tests.agent.warden.test_drill import TRIES
from tests.e2e.consenting import host_says, signatures_wanted
from tests.e2e.stack import ROOT, Stack, eventually, own_stack
from tests.signers import PasskeySigner, SshSigner

pytestmark = pytest.mark.kernel

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    host_id: str


@dataclass(frozen=True, slots=True)
class Authority:
    command: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Loot:
    """What tries need: the real host, and the key that it obeys, as found on the server's disk."""

    stack: Stack
    identity: Identity
    authority: Authority

    def sealed(self, start: Envelope | SignedEnvelope) -> SignedEnvelope:
        return start if isinstance(start, SignedEnvelope) else sign(start, self.authority.command)

    def order(self, signed: SignedEnvelope, *, recorded: bool) -> dict[str, object]:
        start = Envelope.FromString(signed.payload)
        return {
            "tool": start.tool,
            "payload": base64.b64encode(signed.payload).decode(),
            "signature": base64.b64encode(signed.signature).decode(),
            "run": run_id_of(start).hex(),
            "host": self.identity.host_id,
            "recorded": recorded,
        }

    def plant(self, *orders: SignedEnvelope, recorded: bool = True) -> None:
        """``recorded``: with an entry in the audit, as if they had been started there."""
        subprocess.run(
            [sys.executable, "-m", "tests.e2e.thief"],
            input=json.dumps([self.order(one, recorded=recorded) for one in orders]).encode(),
            cwd=ROOT,
            env=self.stack.env,
            check=True,
            timeout=120,
        )

    def heard(self, *orders: SignedEnvelope) -> list[dict[str, Any]]:
        """What the host's own record says of these, one entry each."""
        known = {hashlib.sha256(one.payload).hexdigest() for one in orders}

        def entries() -> list[dict[str, Any]]:
            lines = [json.loads(line) for line in host_says(self.stack, "audit").splitlines()]
            return [line for line in lines if line.get("envelope") in known]

        return eventually(lambda: found if len(found := entries()) >= len(orders) else None, 120, "the host's record")


def loot(stack: Stack) -> Loot:
    key = load_pem_private_key((stack.data / "server/keys/web/command.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return Loot(stack, Identity(str(stack.api("GET", "/api/hosts")[0]["id"])), Authority(key))


def keys_on_disk(stack: Stack) -> dict[str, PrivateKey]:
    """Every key that the server keeps, by its file; bare bytes count as the signing key that they could be."""
    found: dict[str, PrivateKey] = {}
    for path in sorted((stack.data / "server/keys").rglob("*.key")):
        content = path.read_bytes()
        key = load_pem_private_key(content, None) if b"PRIVATE KEY" in content else None
        found[path.name] = key if isinstance(key, PrivateKey) else Ed25519PrivateKey.from_private_bytes(content)
    return found


def with_each_key(stolen: Loot, keys: dict[str, PrivateKey]) -> Iterator[SignedEnvelope]:
    """Each as the key that hosts obey, and as the key of both people; then a key of the thief's for the rows."""
    host = stolen.identity.host_id
    for name, key in keys.items():
        person = SshSigner(key) if isinstance(key, Ed25519PrivateKey) else PasskeySigner(key)
        yield stolen.sealed(agreed(host, person, person))
        if name != "command.key":
            payload = envelope(host).SerializeToString()
            yield SignedEnvelope(payload=payload, signature=signed_with(key, CONTEXT + payload))
    own = agreed(host, ADA, BOB)
    own.payload_key = X25519PrivateKey.generate().public_key().public_bytes_raw()
    yield stolen.sealed(own)


def signed_with(key: PrivateKey, message: bytes) -> bytes:
    return key.sign(message) if isinstance(key, Ed25519PrivateKey) else key.sign(message, ECDSA(SHA256()))


@pytest.fixture
def robbed(tmp_path: Path) -> Iterator[Stack]:
    """A stack of its own: what is planted is in nobody else's way."""
    with own_stack(tmp_path) as running:
        yield running


def test_a_stolen_server_starts_nothing_that_people_did_not_agree_to(robbed: Stack) -> None:
    stolen = loot(robbed)
    lines = "\n".join(line for line in POLICY.splitlines() if not line.startswith("risk"))
    own = {"filters": Filters(pid=os.getpid()), "limits": RunLimits(duration_ms=1000)}
    with signatures_wanted(robbed, lines):
        tries = [stolen.sealed(make(stolen)) for make in TRIES.values()]  # type: ignore[arg-type]
        keys = keys_on_disk(robbed)
        signing = {"audit.key", "ca.key", "command.key", "export.key", "grpc.key"}
        assert set(keys) == signing | {"payload.key", "webhook.key"}
        tries += with_each_key(stolen, keys)
        stolen.plant(*tries)
        refused = stolen.heard(*tries)
        # The same way, with what the host's owner allows anybody, and with what two people have signed.
        host = stolen.identity.host_id
        allowed = [stolen.sealed(envelope(host, **own)), stolen.sealed(agreed(host, ADA, BOB, **own))]  # type: ignore[arg-type]
        stolen.plant(*allowed)
        started = stolen.heard(*allowed)
        again = Envelope.FromString(allowed[1].payload)
        again.runs[1].run_id, again.session_id = os.urandom(16), os.urandom(16)
        stolen.plant(stolen.sealed(again))
        refused += stolen.heard(stolen.sealed(again))
        hidden = stolen.sealed(envelope(host, **own))  # type: ignore[arg-type]
        stolen.plant(hidden, recorded=False)
        (off_record,) = stolen.heard(hidden)
    assert [entry["event"] for entry in refused] == ["refusal"] * (len(TRIES) + 2 * len(keys) + 1)
    assert not [entry for entry in refused if "server's audit" in entry["refused"]], "each for what is wrong with it"
    assert [entry["event"] for entry in started] == ["start", "start"]
    assert off_record["refused"].startswith("the start comes without its entry in the server's audit")
    for entry in started:
        assert entry["recorded"]["head"] >= entry["recorded"]["entry"] > 1
    assert [signer[0] for entry in started for signer in entry.get("consent", {}).get("signers", [])] == ["ada", "bob"]
