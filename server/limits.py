"""Bounds for requests before anything of them is kept."""

from __future__ import annotations

from typing import Any, cast

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope

MAX_BODY = 1024 * 1024
_REFUSAL = b'{"error": {"code": "too_large", "message": "the request is larger than 1 MiB; send less", "field": null}}'


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Refuses a body over MAX_BODY while it arrives: Django would first write all of it to a file."""

    def __init__(self, app: ASGI3Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        try:
            await self._app(scope, _counted(receive), send)
        except _TooLargeError:
            start = {"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"application/json")]}
            await send(cast(Any, start))
            await send(cast(Any, {"type": "http.response.body", "body": _REFUSAL}))


def _counted(receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
    size = 0

    async def counted() -> ASGIReceiveEvent:
        nonlocal size
        event = await receive()
        if event["type"] == "http.request":
            size += len(event["body"])
            if size > MAX_BODY:
                raise _TooLargeError
        return event

    return counted
