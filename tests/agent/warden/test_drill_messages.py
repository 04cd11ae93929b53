"""Somebody holds the server with all its keys: what else than starts can they send to a host?

Every message is heard by the real parts of the warden. None has any effect, and each stands in the host's own record.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message

from agent import identity
from agent.warden import asking
from agent.warden.audit import read
from proto.trust import Trust
from proto.trust import sign as sign_trust
from proto.v1.agent_pb2 import Ask, Opening, RenewalOrder, ServerMessage, SignedAsk, SignedOpening
from proto.v1.local_pb2 import LinkToWarden
from proto.v1.tool_pb2 import NAME_KIND_PROCESS
from tests.agent.support.commands import MINUTE
from tests.agent.support.heads import Log
from tests.agent.support.pki import Authority
from tests.faults.orders import Warden

NOBODY = "00000000-0000-0000-0000-000000000000"
HELD = {
    "identity",
    "policy.toml",
    "kept-keys",
    "runs",
    "off",
}  # of the state folder: what a message could want to change


def unknown(field: int, content: bytes) -> ServerMessage:
    """In a field that this agent does not have; of fewer than 128 bytes."""
    tag = field << 3 | 2
    return ServerMessage.FromString(bytes([tag & 127 | 128, tag >> 7, len(content)]) + content)


def ask(warden: Warden, key: Ed25519PrivateKey | None = None, **changes: Any) -> ServerMessage:
    fields: dict[str, Any] = {
        "ask_id": uuid.uuid4().bytes,
        "host_id": warden.identity.host_id,
        "kind": NAME_KIND_PROCESS,
        "not_after_wall_ns": time.time_ns() + MINUTE,
        **changes,
    }
    payload = Ask(**fields).SerializeToString()
    signature = (key or warden.authority.command).sign(asking.CONTEXT + payload)
    return ServerMessage(ask=SignedAsk(payload=payload, signature=signature))


def authorities(warden: Warden) -> ServerMessage:
    """Of the thief's, signed with them."""
    thief = Authority(name="thief")
    trust = sign_trust(Trust(7, (thief.certificate,)), [thief.key])
    return ServerMessage(renew=RenewalOrder(trust=trust))


def opening(warden: Warden) -> ServerMessage:
    """Signed by nobody who was asked."""
    payload = Opening(text=b"give").SerializeToString()
    return ServerMessage(opening=SignedOpening(payload=payload, signature=random.randbytes(64)))


TRIES: dict[str, tuple[Callable[[Warden], ServerMessage], str]] = {
    "a policy": (lambda _: unknown(200, b'risk = ["S3"]'), "message refused"),
    "an update": (lambda _: unknown(201, b"\x7fELF"), "message refused"),
    "a program": (lambda _: unknown(202, b"int probe(void *ctx) { return 0; }"), "message refused"),
    "a question of the thief's key": (lambda warden: ask(warden, Ed25519PrivateKey.generate()), "ask"),
    "a question to another host": (lambda warden: ask(warden, host_id=NOBODY), "ask"),
    "a question of yesterday": (lambda warden: ask(warden, not_after_wall_ns=1), "ask"),
    "a question for ever": (lambda warden: ask(warden, not_after_wall_ns=2**62), "ask"),
    "authorities of the thief's": (authorities, "authorities refused"),
    "a certificate that nobody asked for": (lambda _: ServerMessage(certificate_pem=b"x"), "certificate refused"),
    "an audit of the thief's": (lambda _: ServerMessage(audit_head=Log("other").head(9, 5)), "head refused"),
    "an opening that nobody signed": (opening, "open refused"),
}


@pytest.fixture
def warden(tmp_path: Path) -> Warden:
    made = Warden(tmp_path, "")
    identity.save(made.paths.identity, made.identity)
    return made


def held(warden: Warden) -> dict[Path, bytes]:
    files = (path for path in warden.paths.state.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if path.relative_to(warden.paths.state).parts[0] in HELD}


def hear(warden: Warden, message: Message) -> None:
    """As it comes from the link."""
    warden.dialogue.heard(LinkToWarden.FromString(LinkToWarden(server=message).SerializeToString()))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TRIES)
def test_no_message_has_an_effect_and_each_is_on_the_hosts_own_record(warden: Warden, name: str) -> None:
    make, event = TRIES[name]
    before, entries = held(warden), len(list(read(warden.paths.audit)))
    hear(warden, make(warden))
    (entry,) = list(read(warden.paths.audit))[entries:]
    assert entry["event"] == event
    assert entry["refused"]
    assert held(warden) == before
    assert (warden.asked, warden.runs.accepted) == ([], [])


def test_what_the_server_that_this_host_joined_does_ask_is_answered(warden: Warden) -> None:
    """The positive control: the same door, with the right key, host and time."""
    hear(warden, ask(warden))
    assert len(warden.asked) == 1


def test_nobody_fills_the_record_with_what_it_does_not_know(warden: Warden) -> None:
    before = len(list(read(warden.paths.audit)))
    for number in range(1000):
        hear(warden, unknown(100 + number % 500, b"x"))
        hear(warden, ask(warden, Ed25519PrivateKey.generate(), text=str(number)))
    kinds = [entry["event"] for entry in list(read(warden.paths.audit))[before:]]
    assert kinds.count("message refused") == 30
    assert kinds.count("ask") == 1
