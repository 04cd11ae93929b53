from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from proto.v1.agent_pb2 import Name, Names
from server.fleet.answers import ANSWER_BYTES_MAX, KEPT, WAITED, answered, forget, take_asks
from server.fleet.models import Ask, Host
from tests.server.fleet.hosts import make_host

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> Host:
    return make_host("web-1")


def made(host: Host, age: timedelta = timedelta(0)) -> Ask:
    ask = Ask.objects.create(host=host, asked_by="ada", payload=b"question", signature=b"signed")
    Ask.objects.filter(id=ask.id).update(asked_at=timezone.now() - age)
    return ask


def test_a_question_leaves_once_for_its_own_host(host: Host) -> None:
    made(host)
    assert take_asks([make_host("web-2").id]) == []
    ((to, signed),) = take_asks([host.id])
    assert (to, signed.payload, signed.signature) == (host.id, b"question", b"signed")
    assert take_asks([host.id]) == []


def test_a_question_that_nobody_waits_for_any_more_does_not_leave(host: Host) -> None:
    made(host, WAITED + timedelta(seconds=1))
    assert take_asks([host.id]) == []


def test_the_first_answer_of_the_host_that_was_asked_counts(host: Host) -> None:
    ask = made(host)
    names = Names(ask_id=ask.id.bytes, names=[Name(value="1")])
    assert answered(host.id, names) is None, "it was not sent yet"
    take_asks([host.id])
    assert answered(make_host("web-2").id, names) is None
    assert answered(host.id, names) == ask.id
    assert answered(host.id, Names(ask_id=ask.id.bytes)) is None
    stored = Ask.objects.get().answer
    assert stored is not None
    assert Names.FromString(bytes(stored)) == names


@pytest.mark.parametrize("ask_id", [b"", b"short", uuid.uuid4().bytes])
def test_what_was_not_asked_is_not_kept(host: Host, ask_id: bytes) -> None:
    assert answered(host.id, Names(ask_id=ask_id)) is None


def test_an_answer_that_is_too_large_is_a_refusal(host: Host) -> None:
    ask = made(host)
    take_asks([host.id])
    answered(host.id, Names(ask_id=ask.id.bytes, names=[Name(value="x" * ANSWER_BYTES_MAX)]))
    stored = Ask.objects.get().answer
    assert stored is not None
    assert "larger than an answer may be" in Names.FromString(bytes(stored)).error


def test_old_questions_are_forgotten(host: Host) -> None:
    made(host, KEPT + timedelta(seconds=1))
    young = made(host)
    forget()
    assert list(Ask.objects.values_list("id", flat=True)) == [young.id]
