from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from proto.v1.agent_pb2 import Opened
from proto.v1.stream_pb2 import RunSchema
from server.accounts.models import User
from server.tracing import session_keys
from server.tracing.models import Opening, OpeningOrder, Run
from server.tracing.opening_orders import answered, forget, lock, take_openings
from tests.server.tracing.sessions import Traced, encrypted
from tests.settings import ENV

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def made(user: Callable[..., User]) -> Traced:
    found = encrypted(user())
    found.store(1)
    return found


@pytest.fixture
def order(made: Traced) -> OpeningOrder:
    opening = Opening.objects.create(
        session=made.session,
        created_by=made.session.created_by,
        expires_at=timezone.now() + MINUTE,
        text=b"text",
        secret=b"secret",
        payload=b"payload",
        signature=b"signature",
    )
    return OpeningOrder.objects.create(opening=opening, host=made.runs[0].host, run=made.runs[0].pk)


def answer(order: OpeningOrder, **changes: object) -> Opened:
    ids = {"opening_id": order.opening_id.bytes, "run_id": order.run.bytes}
    return Opened(**{**ids, "wrapped_key": b"k", **changes})  # type: ignore[arg-type]


def test_each_is_handed_out_once_and_to_its_host_alone(order: OpeningOrder) -> None:
    assert take_openings([uuid.uuid4()]) == []
    ((host, signed),) = take_openings([order.host_id])
    assert (host, signed.payload, signed.signature) == (order.host_id, b"payload", b"signature")
    assert take_openings([order.host_id]) == []


def test_what_expired_is_not_sent(order: OpeningOrder) -> None:
    Opening.objects.update(expires_at=timezone.now() - MINUTE)
    assert take_openings([order.host_id]) == []
    forget()
    assert not OpeningOrder.objects.exists()


def test_only_the_host_that_was_asked_answers_and_once(order: OpeningOrder) -> None:
    host = order.host_id
    assert answered(host, answer(order)) is None, "it was not asked yet"
    take_openings([host])
    assert answered(uuid.uuid4(), answer(order)) is None
    assert answered(host, answer(order, opening_id=b"short")) is None
    assert answered(host, answer(order, opening_id=uuid.uuid4().bytes)) is None
    assert answered(host, answer(order)) == order.opening_id
    assert answered(host, answer(order, error="later")) is None
    order.refresh_from_db()
    assert Opened.FromString(bytes(order.answer or b"")).wrapped_key == b"k"


def test_an_answer_without_bounds_is_not_kept(order: OpeningOrder) -> None:
    take_openings([order.host_id])
    answered(order.host_id, answer(order, error="x" * 10_000))
    order.refresh_from_db()
    assert len(bytes(order.answer or b"")) < 200


def aged(made: Traced, seconds: float) -> None:
    then = timezone.now().timestamp() - seconds
    os.utime(ENV.session_keys / f"{made.session.pk}.key", (then, then))


def test_a_session_locks_a_while_after_its_end_and_never_before(made: Traced) -> None:
    pk = made.session.pk
    aged(made, session_keys.OPEN_SECONDS * 10)
    lock(timezone.now())
    assert session_keys.exists(pk)
    made.end()
    made.session.refresh_from_db()
    assert made.session.state == "ended"
    lock(timezone.now())
    assert session_keys.exists(pk), "its time begins with its end"
    aged(made, session_keys.OPEN_SECONDS - 5)
    lock(timezone.now())
    assert session_keys.exists(pk)
    aged(made, session_keys.OPEN_SECONDS + 5)
    lock(timezone.now())
    assert not session_keys.exists(pk)


def test_a_key_that_no_host_keeps_stays(made: Traced) -> None:
    """As agents from before hosts kept keys sent it: nobody could open the rows again."""
    made.end()
    schema = RunSchema.FromString(bytes(Run.objects.get(pk=made.runs[0].pk).schema))
    schema.encryption.kept = False
    Run.objects.update(schema=schema.SerializeToString())
    aged(made, session_keys.OPEN_SECONDS * 10)
    lock(timezone.now())
    assert session_keys.exists(made.session.pk)


def test_what_was_opened_locks_again(made: Traced) -> None:
    made.end()
    pk, run = made.session.pk, made.runs[0].pk
    session_keys.destroy(pk)
    session_keys.keep_open(pk, run, os.urandom(32))
    lock(timezone.now() + datetime.timedelta(seconds=session_keys.OPEN_SECONDS - 5))
    assert session_keys.readable(pk, run)
    lock(timezone.now() + datetime.timedelta(seconds=session_keys.OPEN_SECONDS + 5))
    assert not session_keys.readable(pk, run)
