from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.warden.envelope import Command, Refused, claimed_run, open_envelope
from proto.v1.agent_pb2 import Envelope, SignedEnvelope
from tests.agent.support.commands import MINUTE, envelope, run_id_of, sign

HOST = "5f0f5c1e-0000-4000-8000-000000000001"
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def _open(signed: SignedEnvelope, wall_ns: int | None = None) -> Command:
    return open_envelope(signed, PUBLIC, HOST, time.time_ns() if wall_ns is None else wall_ns)


def test_a_good_envelope_opens_to_this_hosts_run() -> None:
    start = envelope(HOST)
    command = _open(sign(start, KEY))
    assert command.run_id == run_id_of(start)
    assert command.envelope == start


def test_every_changed_bit_of_payload_or_signature_is_noticed() -> None:
    signed = sign(envelope(HOST), KEY)
    for field in ("payload", "signature"):
        data = getattr(signed, field)
        for position in range(0, len(data), 7):
            changed = SignedEnvelope(payload=signed.payload, signature=signed.signature)
            flipped = bytearray(data)
            flipped[position] ^= 1
            setattr(changed, field, bytes(flipped))
            with pytest.raises(Refused, match="not signed by the server"):
                _open(changed)


def test_another_key_or_another_context_does_not_count() -> None:
    start = envelope(HOST)
    with pytest.raises(Refused, match="not signed"):
        _open(sign(start, Ed25519PrivateKey.generate()))
    payload = start.SerializeToString()
    with pytest.raises(Refused, match="not signed"):
        _open(SignedEnvelope(payload=payload, signature=KEY.sign(payload)))


def test_time_is_checked_both_ways() -> None:
    signed = sign(envelope(HOST), KEY)
    now = time.time_ns()
    with pytest.raises(Refused, match="arrived 30 s after"):
        _open(signed, now + MINUTE + 30_000_000_000)
    with pytest.raises(Refused, match="compare the clocks"):
        _open(signed, now - 10 * MINUTE)


def test_another_hosts_envelope_is_refused() -> None:
    with pytest.raises(Refused, match="names other hosts"):
        _open(sign(envelope("5f0f5c1e-0000-4000-8000-000000000002"), KEY))


def test_a_run_id_of_the_wrong_size_is_no_run() -> None:
    start = envelope(HOST)
    start.runs[1].run_id = b"short"
    with pytest.raises(Refused, match="names other hosts"):
        _open(sign(start, KEY))


def test_signed_garbage_is_refused() -> None:
    payload = b"\xff\xff\xff"
    signature = sign(Envelope(), KEY).signature
    with pytest.raises(Refused):
        _open(SignedEnvelope(payload=payload, signature=signature))
    assert claimed_run(SignedEnvelope(payload=payload), HOST) == b""


def test_the_claimed_run_is_for_telling_its_sender_only() -> None:
    start = envelope(HOST)
    assert claimed_run(SignedEnvelope(payload=start.SerializeToString()), HOST) == run_id_of(start)
    assert claimed_run(SignedEnvelope(payload=start.SerializeToString()), "somebody else") == b""
