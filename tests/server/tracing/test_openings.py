"""Opening with the host's side played in the same process; `tests/e2e/test_opening.py` has a real one."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone

from proto.opening import LIFE_MAX, read_opening
from proto.signatures import Site, signed_by, ssh_key
from proto.v1.agent_pb2 import Opening as OpeningMessage
from proto.v1.agent_pb2 import PersonSignature
from server import keys
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.errors import Conflict, Invalid, NotFound, TooMany
from server.fleet.models import Host
from server.tracing import openings, session_keys
from server.tracing.models import Opening, OpeningOrder
from server.tracing.openings import ASKED_MAX, CONTEXT, HostAnswer, ask, carry_out
from server.tracing.segments import segment_store
from server.tracing.sources import load
from tests.server.consent.requests import ADA, BOB, armoured
from tests.server.tracing.opened import giving, host_answers, refusing
from tests.server.tracing.rows import EncryptedFrames
from tests.server.tracing.sessions import Traced, encrypted
from tests.settings import ENV

pytestmark = pytest.mark.usefixtures("committed")
MakeUser = Callable[..., User]


@pytest.fixture
def person(user: MakeUser) -> User:
    return user("tracer", "ada")


@pytest.fixture
def locked(person: User) -> Traced:
    """Its host is connected, and the server's key is gone."""
    made = encrypted(person)
    made.store(5)
    made.end()
    _online(made)
    session_keys.destroy(made.session.pk)
    return made


def _online(made: Traced, needed: int = 1) -> None:
    Host.objects.filter(pk=made.runs[0].host_id).update(
        connection="c", last_seen=timezone.now(), approvals_needed=needed
    )
    made.runs[0].refresh_from_db()


def key_of(made: Traced) -> bytes:
    frames = made.frames[0]
    assert isinstance(frames, EncryptedFrames)
    return frames.key


def record() -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(action="session.open").order_by("id")
    return [(entry.outcome, str(entry.detail.get("refusal", ""))) for entry in entries]


def test_whoever_signs_reads_the_rows_once_more(locked: Traced, person: User) -> None:
    run = locked.runs[0]
    assert load(locked.session.pk).runs == []
    opening = ask(person, locked.session, "the incident's report")
    with host_answers(run, giving(run, key_of(locked))) as seen:
        answers = carry_out(person, locked.session, opening.pk, armoured(ADA, bytes(opening.text)))
    assert answers == [HostAnswer("host-1", "")]
    assert [batch.head.rows for batch in segment_store().read(locked.session.pk, run.pk)] == [5, 0]
    assert len(load(locked.session.pk).runs) == 1
    (entry,) = AuditEntry.objects.filter(action="session.open")
    assert (entry.actor, entry.hosts, entry.reason) == ("ada", ["host-1"], "the incident's report")
    assert entry.detail["key"] == ssh_key(ADA.sign(b"").ssh).fingerprint
    (sent,) = seen
    public = Ed25519PublicKey.from_public_bytes(keys.command_public(ENV.keys))
    public.verify(sent.signature, CONTEXT + sent.payload)
    assert not Opening.objects.exists()


def test_the_text_says_whose_rows_for_whom_why_and_until_when(locked: Traced, person: User) -> None:
    text = read_opening(bytes(ask(person, locked.session, "why").text))
    assert (text.session, text.tool, text.user, text.reason) == (locked.session.pk, "opensnoop", "ada", "why")
    assert [(run.host, run.host_id, run.run) for run in text.runs] == [
        ("host-1", str(locked.runs[0].host_id), locked.runs[0].pk)
    ]
    assert text.expires - text.requested == LIFE_MAX
    assert abs(time.time() - text.requested) < 60


def test_what_hosts_get_is_signed_by_the_person_alone(locked: Traced, person: User) -> None:
    """The server adds nothing that a host would take for a person's word."""
    opening = ask(person, locked.session, "why")
    with host_answers(locked.runs[0], refusing("no")) as seen:
        carry_out(person, locked.session, opening.pk, armoured(ADA, bytes(opening.text)))
    message = OpeningMessage.FromString(seen[0].payload)
    (signature,) = message.signatures
    assert isinstance(signature, PersonSignature)
    assert signed_by(signature, message.text, [ssh_key(signature.ssh)], Site()).fingerprint


def test_a_hosts_refusal_is_told_and_on_record_and_opens_nothing(locked: Traced, person: User) -> None:
    opening = ask(person, locked.session, "why")
    with host_answers(locked.runs[0], refusing("bob is not listed")):
        (answer,) = carry_out(person, locked.session, opening.pk, armoured(BOB, bytes(opening.text)))
    assert answer == HostAnswer("host-1", "bob is not listed")
    assert not session_keys.readable(locked.session.pk, locked.runs[0].pk)
    assert record() == [("done", ""), ("refused", "bob is not listed")]


def test_a_host_that_sends_another_key_opens_nothing(locked: Traced, person: User) -> None:
    opening = ask(person, locked.session, "why")
    run = locked.runs[0]
    wrong = giving(run, b"too short")
    with host_answers(run, wrong):
        (answer,) = carry_out(person, locked.session, opening.pk, armoured(ADA, bytes(opening.text)))
    assert "is no key of these rows" in answer.error
    assert not session_keys.readable(locked.session.pk, run.pk)


def test_a_host_that_is_away_or_silent_leaves_its_rows_locked(
    locked: Traced, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openings, "WAITED_SECONDS", 0.1)
    opening = ask(person, locked.session, "why")
    (silent,) = carry_out(person, locked.session, opening.pk, armoured(ADA, bytes(opening.text)))
    assert "did not answer" in silent.error
    Host.objects.update(connection="")
    opening = ask(person, locked.session, "why")
    (away,) = carry_out(person, locked.session, opening.pk, armoured(ADA, bytes(opening.text)))
    assert "only it has the key" in away.error
    assert not OpeningOrder.objects.exists()


@pytest.mark.parametrize("sign", [lambda _: None, lambda _: armoured(ADA, b"another text")])
def test_without_a_signature_on_this_text_no_host_is_asked(
    locked: Traced, person: User, sign: Callable[[bytes], object]
) -> None:
    opening = ask(person, locked.session, "why")
    with host_answers(locked.runs[0], refusing("never asked")) as seen, pytest.raises(Invalid) as refused:
        carry_out(person, locked.session, opening.pk, sign(bytes(opening.text)))  # type: ignore[arg-type]
    assert seen == []
    assert record() == [("refused", refused.value.message)]


def test_an_owner_who_wants_no_signature_gets_none(locked: Traced, person: User) -> None:
    _online(locked, needed=0)
    run = locked.runs[0]
    opening = ask(person, locked.session, "why")
    with host_answers(run, giving(run, key_of(locked))) as seen:
        assert carry_out(person, locked.session, opening.pk, None) == [HostAnswer("host-1", "")]
    assert list(OpeningMessage.FromString(seen[0].payload).signatures) == []


def test_nobody_carries_out_what_another_asked_nor_what_expired(locked: Traced, person: User, user: MakeUser) -> None:
    opening = ask(person, locked.session, "why")
    other = user("tracer", "eve")
    with pytest.raises(NotFound, match="somebody else's"):
        carry_out(other, locked.session, opening.pk, armoured(BOB, bytes(opening.text)))
    Opening.objects.update(expires_at=opening.expires_at.replace(year=2020))
    with pytest.raises(NotFound, match="expired"):
        carry_out(person, locked.session, opening.pk, armoured(ADA, bytes(opening.text)))
    with pytest.raises(NotFound):
        carry_out(person, locked.session, uuid.uuid4(), None)


def test_what_is_not_locked_is_not_opened_and_a_reason_is_needed(locked: Traced, person: User) -> None:
    with pytest.raises(Invalid, match="say why"):
        ask(person, locked.session, "  ")
    session_keys.keep_open(locked.session.pk, locked.runs[0].pk, os.urandom(32))
    with pytest.raises(Conflict, match="no rows of this session are locked"):
        ask(person, locked.session, "why")


def test_one_person_has_so_many_texts_at_a_time(locked: Traced, person: User, user: MakeUser) -> None:
    for _ in range(ASKED_MAX):
        ask(person, locked.session, "why")
    with pytest.raises(TooMany, match="wait for a signature"):
        ask(person, locked.session, "why")
    assert ask(user("tracer", "eve"), locked.session, "why").pk


def test_the_database_alone_opens_nothing(locked: Traced, person: User) -> None:
    """What a backup holds of an opening is encrypted to the role web."""
    opening = ask(person, locked.session, "why")
    stored = Opening.objects.get(pk=opening.pk)
    assert len(bytes(stored.secret)) == 12 + 32 + 16
    assert session_keys.unsealed(bytes(stored.secret), opening.pk.bytes) not in bytes(stored.secret)
