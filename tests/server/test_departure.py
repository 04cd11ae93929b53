from __future__ import annotations

from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.test import RequestFactory

from server.departure import Departure, Departures, departure_of


def test_work_stops_when_the_sender_leaves_and_at_once_when_it_has_left() -> None:
    departure, stopped = Departure(), list[str]()
    with departure.stopping(lambda: stopped.append("done before")):
        pass
    with departure.stopping(lambda: stopped.append("waiting")):
        departure.leave()
    with departure.stopping(lambda: stopped.append("late")):
        pass
    assert stopped == ["waiting", "late"]
    assert departure.gone


async def test_a_disconnect_is_heard_by_the_request() -> None:
    seen: list[bool] = []

    async def application(scope: Any, receive: Any, _send: Any) -> None:
        request = RequestFactory().get("/")
        request.scope = scope  # type: ignore[attr-defined]
        departure = departure_of(request)
        for _ in range(2):
            await receive()
            seen.append(departure.gone)

    browser = ApplicationCommunicator(Departures(application), {"type": "http"})
    await browser.send_input({"type": "http.request", "body": b"", "more_body": False})
    await browser.send_input({"type": "http.disconnect"})
    await browser.wait(10)
    assert seen == [False, True]


def test_a_request_without_a_connection_never_leaves() -> None:
    assert not departure_of(RequestFactory().get("/")).gone
