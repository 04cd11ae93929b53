from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from server.limits import MAX_BODY, BodyLimit

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}


async def keeps_everything(_scope: Any, receive: Any, send: Any) -> None:
    """As Django does: the whole body first, then the answer."""
    size, more = 0, True
    while more:
        event = await receive()
        size += len(event["body"])
        more = event["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.mark.parametrize(("parts", "status"), [(1, 200), (16, 200), (17, 413), (1000, 413)])
async def test_a_body_that_is_too_large_is_refused_on_its_way(parts: int, status: int) -> None:
    browser = ApplicationCommunicator(BodyLimit(keeps_everything), SCOPE)
    for number in range(parts):
        part = b"x" * (MAX_BODY // 16)
        await browser.send_input({"type": "http.request", "body": part, "more_body": number < parts - 1})
    assert (await browser.receive_output(5))["status"] == status
    assert (b"1 MiB" in (await browser.receive_output(5))["body"]) == (status == 413)
