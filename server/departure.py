"""Whoever asked may be gone before the answer: long work for a request hears of it and stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, cast

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope
from django.http import HttpRequest

_KEY = "fleetscope.departure"


class Departure:
    """Of one request's sender. Any thread may ask, or wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Callable[[], None]] = []
        self.gone = False

    def leave(self) -> None:
        with self._lock:
            self.gone = True
            waiting = list(self._waiting)
        for stop in waiting:
            stop()

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """Inside, ``stop`` is called once the sender is gone, from another thread; at once if it is gone already."""
        with self._lock:
            self._waiting.append(stop)
            gone = self.gone
        if gone:
            stop()
        try:
            yield
        finally:
            with self._lock:
                self._waiting.remove(stop)


class Departures:
    """Watches the requests of an application for senders that leave."""

    def __init__(self, app: ASGI3Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        departure = Departure()
        cast(dict[str, Any], scope)[_KEY] = departure
        await self._app(scope, _watched(receive, departure), send)


def departure_of(request: HttpRequest) -> Departure:
    """One that never happens where the request came over no connection."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    found = scope.get(_KEY)
    return found if isinstance(found, Departure) else Departure()


def _watched(receive: ASGIReceiveCallable, departure: Departure) -> ASGIReceiveCallable:
    async def watched() -> ASGIReceiveEvent:
        event = await receive()
        if event["type"] == "http.disconnect":
            departure.leave()
        return event

    return watched
