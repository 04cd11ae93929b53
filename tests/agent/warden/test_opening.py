from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.files import write_atomic
from agent.warden.audit import HostAudit
from agent.warden.kept_keys import KeptKeys
from agent.warden.opening import CONTEXT, OpeningDoor, Own
from proto.encryption import unwrap
from proto.opening import OpenedRun, OpeningText, opening_text
from proto.v1.agent_pb2 import DestroyedKeys, DestroyKeys, Opened, Opening, PersonSignature, SignedOpening
from tests.agent.support.consent import ADA, BOB, CARL, GLASS, POLICY
from tests.agent.support.door import Door
from tests.signers import PasskeySigner, SshSigner

READER = X25519PrivateKey.generate()
RUN = uuid.uuid4()


class Host(Door):
    """With a key that it keeps of a run."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.policy(POLICY)
        self.keys = KeptKeys(self.paths.kept_keys)
        self.key = self.keys.make(RUN.bytes)
        self.answers: list[Opened] = []
        self.gone: list[DestroyedKeys] = []
        own = Own(self.identity, self.power, HostAudit(self.paths.audit), self.keys)
        self.door = OpeningDoor(own, self.answers.append, self.gone.append)

    def text(self, **changes: object) -> OpeningText:
        now = int(time.time())
        here, there = (OpenedRun("h", host, RUN) for host in (self.identity.host_id, str(uuid.uuid4())))
        key = READER.public_key().public_bytes_raw()
        made = OpeningText(uuid.uuid4(), uuid.uuid4(), "sslsniff", "ada", "why", key, now, now + 600, (there, here))
        return replace(made, **changes)  # type: ignore[arg-type]

    def ordered(self, opening: Opening, key: Ed25519PrivateKey | None = None) -> SignedOpening:
        payload = opening.SerializeToString()
        return SignedOpening(payload=payload, signature=(key or self.authority.command).sign(CONTEXT + payload))

    def ask(self, text: bytes, *signatures: PersonSignature) -> Opened:
        """What the host says, which is on its record."""
        self.door.open(self.ordered(Opening(text=text, signatures=signatures)))
        answer, entry = self.answers[-1], self.entries()[-1]
        assert (entry["event"], entry.get("refused", "")) == ("open refused" if answer.error else "open", answer.error)
        assert (answer.error == "") == bool(answer.wrapped_key)
        return answer

    def open_by(self, *signers: SshSigner | PasskeySigner, **changes: object) -> Opened:
        text = opening_text(self.text(**changes))
        return self.ask(text, *(signer.sign(text) for signer in signers))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(("user", "signer"), [("ada", ADA), ("Ada", ADA), ("ada", GLASS), ("carl", CARL)])
def test_whom_the_owner_lets_ask_for_plaintext_gets_the_key_and_the_record_names_them(
    host: Host, user: str, signer: SshSigner
) -> None:
    answer = host.open_by(signer, user=user)
    assert answer.error == ""
    assert unwrap(READER, RUN.bytes, answer.wrapped_key) == host.key
    (entry,) = host.entries()
    assert (entry["run"], entry["user"], entry["reason"], entry["waived"]) == (RUN.hex, user, "why", False)
    assert [name for name, _ in entry["signers"]] == [user.casefold()]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("signers", "changes", "why"),
    [
        ((), {}, "opened by a signature of somebody whom this host's policy lists"),
        ((SshSigner(),), {}, "signature 1 does not count on this host: the key SHA256"),
        ((ADA, SshSigner()), {}, "signature 2 does not count on this host"),
        ((BOB,), {"user": "bob"}, "bob, who asks, has not signed or may not ask for plaintext"),
        ((CARL,), {}, "ada, who asks, has not signed"),
        ((ADA,), {"user": "mallory"}, "mallory, who asks, has not signed"),
        ((ADA,) * 17, {}, "17 signatures are more than the 16"),
        ((ADA,), {"requested": 1, "expires": 601}, "s ago by this host's clock; ask for it anew"),
        ((ADA,), {"requested": int(time.time()) + 4000, "expires": int(time.time()) + 4600}, "is from the future"),
        ((ADA,), {"expires": int(time.time()) + 4000}, "holds for 600 s at most"),
        ((ADA,), {"runs": ()}, "is for other hosts, not for this one"),
        ((ADA,), {"key": bytes(32)}, "the key that the opening names is none"),
    ],
)
def test_nothing_else_opens_anything(
    host: Host, signers: tuple[SshSigner, ...], changes: dict[str, object], why: str
) -> None:
    answer = host.open_by(*signers, **changes)
    assert why in answer.error


def _swap_key(text: OpeningText) -> OpeningText:
    return replace(text, key=X25519PrivateKey.generate().public_key().public_bytes_raw())


@pytest.mark.parametrize(
    "change",
    [
        _swap_key,
        lambda text: replace(text, session=uuid.uuid4()),
        lambda text: replace(text, opening=uuid.uuid4()),
        lambda text: replace(text, expires=text.expires - 1),
        lambda text: replace(text, reason="another"),
        lambda text: replace(text, runs=text.runs[1:]),
    ],
)
def test_a_signature_holds_for_the_very_text_alone(host: Host, change: Callable[[OpeningText], OpeningText]) -> None:
    """A stolen server that has one can open no other rows with it, and to no other key."""
    text = host.text()
    made = ADA.sign(opening_text(text))
    assert "does not fit the specification" in host.ask(opening_text(change(text)), made).error
    assert host.ask(opening_text(text), made).error == ""


def test_a_server_that_another_host_joined_is_not_even_answered(host: Host) -> None:
    text = opening_text(host.text())
    opening = Opening(text=text, signatures=[ADA.sign(text)])
    for sealed in (
        host.ordered(opening, Ed25519PrivateKey.generate()),
        host.ordered(Opening(text=b"no text")),
        host.ordered(Opening(text=b" " * 600_000)),
    ):
        host.door.open(sealed)
    assert host.answers == []
    refused = [str(entry["refused"]) for entry in host.entries()]
    assert [entry["event"] for entry in host.entries()] == ["open refused"] * 3
    assert "not signed by the server" in refused[0]
    assert "cannot be read" in refused[1]
    assert "is none" in refused[2]


def test_an_owner_who_wants_no_signatures_trusts_the_server(host: Host) -> None:
    host.policy('risk = ["S3"]\n[approvals]\nneeded = 0\n')
    assert host.open_by().error == ""
    assert host.entries()[-1]["waived"] is True


def test_whom_the_owner_took_out_opens_nothing_any_more(host: Host) -> None:
    assert host.open_by(ADA).error == ""
    host.policy(POLICY.replace("[people.ada]", "[people.zoe]"))
    assert "has not signed" in host.open_by(ADA).error


def test_no_record_no_key(host: Host) -> None:
    host.paths.audit.mkdir()
    text = opening_text(host.text())
    host.door.open(host.ordered(Opening(text=text, signatures=[ADA.sign(text)])))
    (answer,) = host.answers
    assert "audit log" in answer.error
    assert answer.wrapped_key == b""


def test_a_key_of_a_deleted_session_is_destroyed_for_good(host: Host) -> None:
    other = os.urandom(16)
    host.door.destroy(DestroyKeys(run_ids=[RUN.bytes, other]))
    assert [list(gone.run_ids) for gone in host.gone] == [[RUN.bytes, other]]
    assert (host.entries()[-1]["event"], host.entries()[-1]["runs"]) == ("keys destroyed", [RUN.hex])
    host.door.destroy(DestroyKeys(run_ids=[RUN.bytes, b"", b"x" * 2000]))
    assert (len(host.gone), len(host.entries())) == (2, 1), "said again and again until the server has heard it"
    assert "nobody can read them" in host.open_by(ADA).error


def test_a_key_that_cannot_be_destroyed_is_not_said_to_be(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> list[bytes]:
        raise OSError("the disk is read-only")

    monkeypatch.setattr(host.keys, "destroy", fails)
    host.door.destroy(DestroyKeys(run_ids=[RUN.bytes]))
    assert host.gone == []
    assert (host.entries()[-1]["event"], host.entries()[-1]["refused"]) == (
        "keys not destroyed",
        "the disk is read-only",
    )


def test_the_owner_says_how_long_keys_are_kept(host: Host) -> None:
    host.policy(POLICY.replace("[approvals]", "[approvals]\nkeep_hours = 2"))
    host.power.refresh()
    kept = host.paths.kept_keys / RUN.hex
    for hours, there in ((1.9, True), (2.1, False)):
        then = time.time() - hours * 3600
        os.utime(kept, (then, then))
        host.door.expire([])
        assert kept.exists() is there
    (entry,) = host.entries()
    assert (entry["event"], entry["runs"]) == ("keys destroyed", [RUN.hex])
    write_atomic(kept, bytes(32))
    os.utime(kept, (0, 0))
    host.door.expire([RUN.bytes])
    assert kept.exists(), "its run is live"
