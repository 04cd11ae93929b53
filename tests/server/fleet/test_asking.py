"""Asking with the host's side played in the same process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.utils import timezone

from proto.v1.agent_pb2 import Ask as AskMessage
from proto.v1.agent_pb2 import Name, Names, SignedAsk
from server import keys
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.errors import Conflict, Forbidden, NoAnswer, TooMany
from server.fleet import asking
from server.fleet.answers import answered, take_asks
from server.fleet.asking import ASKS_MAX, CONTEXT, Question, ask
from server.fleet.models import Ask, Host
from server.fleet.switch import switch_fleet, switch_host
from tests.server.fleet.hosts import make_host
from tests.settings import ENV

pytestmark = pytest.mark.usefixtures("committed")

PROCESS = Question("process", "ngi", limit=5)


@pytest.fixture
def host() -> Host:
    return make_host("web-1")


@contextmanager
def answering(host: Host, answer: Callable[[AskMessage], Names]) -> Iterator[list[SignedAsk]]:
    """The host's answers, until the block ends."""
    seen: list[SignedAsk] = []
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.01):
            for to, signed in take_asks([host.id]):
                seen.append(signed)
                answered(to, answer(AskMessage.FromString(signed.payload)))
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(10)


def two(question: AskMessage) -> Names:
    return Names(ask_id=question.ask_id, names=[Name(value="1"), Name(value="2")], total=2)


def test_the_host_is_asked_with_a_signature_and_its_answer_comes_back(user: Callable[..., User], host: Host) -> None:
    with answering(host, two) as seen:
        names = ask(user(), host, Question("function", "c:mal*", pid=7, limit=5))
    assert ([name.value for name in names.names], names.total) == (["1", "2"], 2)
    (signed,) = seen
    public = Ed25519PublicKey.from_public_bytes(keys.command_public(ENV.keys))
    public.verify(signed.signature, CONTEXT + signed.payload)
    asked = AskMessage.FromString(signed.payload)
    assert (asked.host_id, asked.user, asked.text, asked.pid, asked.limit) == (str(host.id), "tracer", "c:mal*", 7, 5)
    assert 0 < asked.not_after_wall_ns - time.time_ns() <= asking.LIFETIME_NS


def test_nothing_of_question_and_answer_is_kept(user: Callable[..., User], host: Host) -> None:
    with answering(host, two):
        ask(user(), host, PROCESS)
    (left,) = Ask.objects.all()
    assert left.answer is not None
    assert (bytes(left.answer), bytes(left.payload)) == (b"", b"")


def test_each_person_host_kind_and_beginning_of_a_text_is_on_record(user: Callable[..., User], host: Host) -> None:
    person, other = user(), make_host("web-2")
    with answering(host, two), answering(other, two):
        for text in ("ngin", "nginx", "NGINX-1", "post"):
            ask(person, host, Question("process", text))
        ask(person, host, Question("function", "c:"))
        ask(person, other, PROCESS)
        ask(user(username="eve"), host, PROCESS)
    told = AuditEntry.objects.filter(action="host.ask").order_by("id")
    assert [(entry.actor, entry.hosts, entry.detail["kind"], entry.detail["text"]) for entry in told] == [
        ("tracer", ["web-1"], "process", "ngin"),
        ("tracer", ["web-1"], "process", "post"),
        ("tracer", ["web-1"], "function", "c:"),
        ("tracer", ["web-2"], "process", "ngi"),
        ("eve", ["web-1"], "process", "ngi"),
    ]


def test_later_it_is_on_record_again(user: Callable[..., User], host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.audit.record.SAME", timedelta(0))
    person = user()
    with answering(host, two):
        ask(person, host, PROCESS)
        ask(person, host, PROCESS)
    assert AuditEntry.objects.filter(action="host.ask").count() == 2


def test_a_viewer_asks_no_host_and_that_is_on_record(user: Callable[..., User], host: Host) -> None:
    with answering(host, two) as seen, pytest.raises(Forbidden, match=r"host\.ask needs the role tracer"):
        ask(user("viewer"), host, PROCESS)
    assert seen == []
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.hosts, entry.detail["text"]) == ("host.ask", "refused", ["web-1"], "ngi")


def test_a_host_that_cannot_answer_is_not_waited_for(user: Callable[..., User], host: Host) -> None:
    person = user()
    with pytest.raises(Conflict, match="web-2 is offline, so it cannot be asked; type the name"):
        ask(person, make_host("web-2", online=False), PROCESS)
    with pytest.raises(Conflict, match="web-3 itself allows no tracing"):
        ask(person, make_host("web-3", remote_off=True), PROCESS)
    switch_host("admin", host, "incident", off=True)
    with pytest.raises(Conflict, match="web-1 is switched off: incident"):
        ask(person, host, PROCESS)
    switch_fleet("admin", "incident", off=True)
    with pytest.raises(Conflict, match="whole fleet by admin"):
        ask(person, host, PROCESS)
    assert not AuditEntry.objects.filter(action="host.ask").exists()


def test_a_reason_of_the_host_is_told_with_its_name(user: Callable[..., User], host: Host) -> None:
    refusal = "this host's policy denies names of the kind process"
    with (
        answering(host, lambda question: Names(ask_id=question.ask_id, error=refusal)),
        pytest.raises(Conflict, match=f"^web-1: {refusal}"),
    ):
        ask(user(), host, PROCESS)


def test_a_host_that_says_nothing_costs_its_time_and_no_more(
    user: Callable[..., User], host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "WAITED", timedelta(seconds=1))
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="web-1 did not answer within 1 s; type the name"):
        ask(user(), host, PROCESS)
    assert time.monotonic() - began < 20


def test_a_host_that_goes_away_meanwhile_is_not_waited_for(user: Callable[..., User], host: Host) -> None:
    def leave() -> None:
        while not Ask.objects.exists():
            time.sleep(0.01)
        Host.objects.filter(id=host.id).update(connection="")
        connection.close()

    thread = threading.Thread(target=leave)
    thread.start()
    with pytest.raises(NoAnswer, match="web-1 went offline before it answered"):
        ask(user(), host, PROCESS)
    thread.join()


def test_one_person_asks_only_so_much(user: Callable[..., User], host: Host) -> None:
    Ask.objects.bulk_create([Ask(host=host, asked_by="tracer", sent_at=timezone.now()) for _ in range(ASKS_MAX)])
    with pytest.raises(TooMany, match="wait a few seconds"):
        ask(user(), host, PROCESS)
    with answering(host, two):
        assert ask(user(username="eve"), host, PROCESS).total == 2


def test_a_channel_layer_that_is_away_costs_half_a_second(
    user: Callable[..., User], host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: object) -> dict[str, object]:
        raise ConnectionError("no redis")

    monkeypatch.setattr("server.nudge.Subscriber.receive", broken)
    with answering(host, two):
        assert ask(user(), host, PROCESS).total == 2
