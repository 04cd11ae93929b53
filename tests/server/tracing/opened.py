"""Sessions whose rows are locked, and hosts that give out the keys they keep, played in the process of the test."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.http import HttpResponseBase
from django.utils import timezone

from proto.encryption import WRAPPED, wrap
from proto.opening import LIFE_MAX, OpeningText, opening_text, read_opening
from proto.v1.agent_pb2 import Opened, Opening, SignedOpening
from proto.v1.stream_pb2 import RunEncryption, RunSchema
from server.accounts.models import User
from server.tracing.models import Opening as OpeningRow
from server.tracing.models import Run, Session
from server.tracing.opening_orders import answered, take_openings

OPENINGS = "/api/sessions/{session_id}/openings"
OPENING = f"{OPENINGS}/{{opening_id}}"
Answer = Callable[[SignedOpening, Opening], Opened]


def giving(run: Run, key: bytes) -> Answer:
    """As a host does whose policy lists the signer."""

    def answer(_: SignedOpening, opening: Opening) -> Opened:
        text = read_opening(opening.text)
        return Opened(opening_id=text.opening.bytes, run_id=run.pk.bytes, wrapped_key=wrap(run.pk.bytes, text.key, key))

    return answer


def refusing(why: str) -> Answer:
    def answer(_: SignedOpening, opening: Opening) -> Opened:
        text = read_opening(opening.text)
        return Opened(opening_id=text.opening.bytes, run_id=text.runs[0].run.bytes, error=why)

    return answer


@contextmanager
def host_answers(run: Run, answer: Answer) -> Iterator[list[SignedOpening]]:
    """What it was asked, until the block ends."""
    seen: list[SignedOpening] = []
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.01):
            for host, signed in take_openings([run.host_id]):
                seen.append(signed)
                answered(host, answer(signed, Opening.FromString(signed.payload)))
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(10)


def asked_for(session: Session, person: User) -> OpeningRow:
    """Before it is signed."""
    now = timezone.now().replace(microsecond=0)
    expires = now + datetime.timedelta(seconds=LIFE_MAX)
    made, times = uuid.uuid4(), (int(now.timestamp()), int(expires.timestamp()))
    text = OpeningText(made, session.pk, session.tool, person.username, "why", bytes(32), *times, ())
    return OpeningRow.objects.create(
        id=made, session=session, created_by=person, expires_at=expires, text=opening_text(text), secret=b""
    )


def locked(session: Session) -> Session:
    """Its rows came encrypted, and its hosts, who want no signature, have the keys."""
    for run in session.runs.select_related("host"):
        schema = run.run_schema or RunSchema()
        schema.encryption.CopyFrom(RunEncryption(algorithm=1, wrapped_key=bytes(WRAPPED), kept=True))
        run.schema = schema.SerializeToString()
        run.save()
    return session


def locked_in(path: str) -> Callable[[Any], HttpResponseBase]:
    """Posts to the path about a locked session of the matrix's person, whose host is away."""

    def act(world: Any) -> HttpResponseBase:
        locked(world.sessions["own", 1])
        reply: HttpResponseBase = world.answer(("POST", path, "own", 1))
        return reply

    return act
