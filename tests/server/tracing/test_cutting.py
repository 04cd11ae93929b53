from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest
from channels.db import database_sync_to_async

from server.accounts.browsers import SignIn
from server.accounts.models import Grant, User
from server.accounts.policy import Action
from server.accounts.standing import Entrance, look_now
from server.audit.models import AuditEntry
from server.tracing.cutting import CutOff, Reader, sent_whole
from server.tracing.models import Session
from tests.server.accounts.signing_in import log_in
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.usefixtures("committed")

SECONDS = 20
WAY = {"address": "127.0.0.1"}


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    return traced(user("tracer"))


def entrance() -> Entrance:
    key = log_in("tracer").session.session_key
    assert key is not None
    return Entrance(User.objects.get(username="tracer").pk, key)


async def chunks(go_on: asyncio.Event) -> AsyncGenerator[bytes]:
    yield b"first"
    yield b"second"
    await go_on.wait()
    yield b"last"


async def lines() -> AsyncGenerator[bytes]:
    yield b"1\n2\n"
    yield b"3\n"


async def taken(
    made: Traced, go_on: asyncio.Event, then: Callable[[], object], action: Action = Action.SESSION_EXPORT
) -> list[bytes]:
    """What a reader gets who, in the middle of it, loses what ``then`` takes away."""
    seen: list[bytes] = []
    came_in = await database_sync_to_async(entrance)()
    sending = sent_whole(chunks(go_on), made.session, Reader("tracer", came_in, WAY, action, {"format": "csv"}))
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in sending:
                seen.append(chunk)
                if len(seen) == 2:
                    await database_sync_to_async(then)()
                    look_now()
    except CutOff:
        seen.append(b"cut")
    return seen


def lose_grants() -> None:
    Grant.objects.all().delete()


def lose_export_alone() -> None:
    Grant.objects.update(role="approver")


def sign_out() -> None:
    SignIn.objects.all().delete()


@pytest.mark.parametrize("then", [lose_grants, lose_export_alone, sign_out])
def test_it_breaks_off_with_the_right_to_it(running: Traced, then: Callable[[], object]) -> None:
    assert asyncio.run(taken(running, asyncio.Event(), then)) == [b"first", b"second", b"cut"]
    (entry,) = AuditEntry.objects.filter(action="session.export")
    assert (entry.actor, entry.outcome, entry.session) == ("tracer", "cut off", running.session.pk)
    assert (entry.detail["sent_bytes"], entry.detail["format"], entry.detail["via"]) == (11, "csv", WAY)
    assert entry.detail["refusal"]


def delete_it() -> None:
    Session.objects.all().delete()


@pytest.mark.parametrize("then", [lose_grants, delete_it, sign_out])
def test_rows_break_off_with_the_right_to_look(running: Traced, then: Callable[[], object]) -> None:
    assert asyncio.run(taken(running, asyncio.Event(), then, Action.SESSION_VIEW)) == [b"first", b"second", b"cut"]
    (entry,) = AuditEntry.objects.filter(action="session.view")
    assert (entry.outcome, entry.session, entry.detail["sent_bytes"]) == ("cut off", running.session.pk, 11)


def test_rows_that_end_with_their_session_are_cut_too(running: Traced) -> None:
    go_on = asyncio.Event()

    def then() -> None:
        delete_it()
        go_on.set()

    assert asyncio.run(taken(running, go_on, then, Action.SESSION_VIEW))[-1] == b"cut"


def test_rows_go_on_without_the_right_to_export(running: Traced) -> None:
    go_on = asyncio.Event()

    def then() -> None:
        Grant.objects.update(role="viewer")
        go_on.set()

    assert asyncio.run(taken(running, go_on, then, Action.SESSION_VIEW)) == [b"first", b"second", b"last"]


def test_with_the_right_to_it_it_goes_on_to_its_end(running: Traced) -> None:
    go_on = asyncio.Event()
    assert asyncio.run(taken(running, go_on, go_on.set)) == [b"first", b"second", b"last"]
    (entry,) = AuditEntry.objects.filter(action="session.export")
    assert (entry.outcome, entry.detail["sent_bytes"]) == ("sent", len(b"firstsecondlast"))


def test_a_reader_who_hangs_up_leaves_on_record_what_was_sent(running: Traced) -> None:
    async def hang_up() -> None:
        reader = Reader("tracer", await database_sync_to_async(entrance)(), WAY, Action.SESSION_EXPORT, {})
        async with aclosing(sent_whole(lines(), running.session, reader, lines=True)) as sending:
            assert await anext(sending) == b"1\n2\n"

    asyncio.run(hang_up())
    (entry,) = AuditEntry.objects.filter(action="session.export")
    assert (entry.outcome, entry.detail["sent_rows"], entry.detail["sent_bytes"]) == ("sent", 2, 4)
