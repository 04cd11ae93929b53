"""A browser that closes its connection ends the work that it had asked for: real sockets, real questions."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from threading import BoundedSemaphore

import pytest
import uvicorn

from server.accounts import tokens
from server.accounts.models import User
from server.serve import _config
from server.tracing import execute
from server.tracing.query import Compiled
from tests.server.conftest import MakeUser
from tests.server.tracing.sessions import traced
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("committed")
ENDLESS = Compiled("SELECT count(*) FROM range(100000000) a, range(1000000000) b", [], [])
PATIENCE = 60


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(_config())
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join(PATIENCE)
    listening.close()


def asked(address: tuple[str, int], token: str, path: str) -> socket.socket:
    """The connection over which a question was asked."""
    body = json.dumps({"measures": [{"function": "count"}]})
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json"
    connection = socket.create_connection(address)
    connection.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    return connection


def test_a_question_ends_with_its_connection(
    user: MakeUser, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    person: User = user("tracer")
    session = traced(person)
    session.store(3)
    turn = BoundedSemaphore(1)
    asking = threading.Event()

    def endless(*_: object) -> Compiled:
        asking.set()
        return ENDLESS

    monkeypatch.setattr(execute, "_TURNS", turn)
    monkeypatch.setattr(execute, "SECONDS", 100 * PATIENCE)  # nothing else may end it
    monkeypatch.setattr(execute, "compile_question", endless)
    connection = asked(address, tokens.mint(person, "test"), f"/api/sessions/{session.session.pk}/query")
    assert asking.wait(PATIENCE)
    assert not turn.acquire(timeout=1), "it is still being worked out"
    connection.close()
    assert turn.acquire(timeout=PATIENCE), "nobody waits for the answer any more"
    turn.release()
    monkeypatch.undo()
    with asked(address, tokens.mint(person, "test"), f"/api/sessions/{session.session.pk}/query") as again:
        wait_for(lambda: b'"rows": [[3]]' in again.recv(65536), PATIENCE, "the answer to the next question")
