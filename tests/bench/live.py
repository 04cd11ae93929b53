"""Bench: from a batch handed to the store to the same rows in a viewer's socket and in a followed HTTP answer.

    python -m tests.bench.live [BATCHES] [VIEWERS]

One process with the server, the writer and the viewers; prints one JSON line for each road.
"""

from __future__ import annotations

import asyncio
import os
import sys
from time import perf_counter

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

import httpx  # noqa: E402  (Django first)
import numpy as np  # noqa: E402
import uvicorn  # noqa: E402
import websockets  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.core.management import call_command  # noqa: E402

from proto.v1.live_pb2 import LiveMessage, Seen, Subscribe, ViewerMessage  # noqa: E402
from server import keys, nudge  # noqa: E402
from server.accounts import tokens  # noqa: E402
from server.accounts.browsers import SessionStore  # noqa: E402
from server.accounts.models import User  # noqa: E402
from server.tracing.segments import segment_store  # noqa: E402
from tests.bench.store import report  # noqa: E402
from tests.server.people import begin  # noqa: E402
from tests.server.tracing.sessions import Traced, traced  # noqa: E402
from tests.settings import ENV  # noqa: E402

PAUSE = 0.05  # between batches: what a watched host sends
ROWS = 50
PORT = 18_923
ORIGIN = "http://localhost:8000"


def prepare() -> tuple[Traced, str, str]:
    """A running session, a browser's cookie and a command's token."""
    keys.ensure_web(ENV.keys)
    call_command("migrate", verbosity=0)
    user = begin(User.objects.create(username="bench"), "tracer")
    browser = SessionStore()
    browser[SESSION_KEY] = str(user.pk)
    browser[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    browser[HASH_SESSION_KEY] = user.get_session_auth_hash()
    browser.create()
    return traced(user), str(browser.session_key), tokens.mint(user, "bench")


async def watch(session: str, cookie: str, arrived: list[float], batches: int) -> None:
    headers = {"Cookie": f"fleetscope_session_{ENV.http.port}={cookie}"}
    address = f"ws://localhost:{PORT}/ws/sessions/{session}"
    async with websockets.connect(address, additional_headers=headers, origin=ORIGIN, max_size=None) as socket:  # type: ignore[arg-type]
        await socket.send(ViewerMessage(subscribe=Subscribe()).SerializeToString())
        while len(arrived) < batches:
            message = LiveMessage.FromString(await socket.recv(decode=False))
            if message.HasField("rows") or message.HasField("group"):
                arrived.append(perf_counter())
                await socket.send(ViewerMessage(seen=Seen(messages=len(arrived))).SerializeToString())


async def follow(session: str, token: str, arrived: list[float], batches: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    lines = 0
    async with httpx.AsyncClient(headers=headers, timeout=None) as http:
        address = f"http://localhost:{PORT}/api/sessions/{session}/rows?follow=1"
        async with http.stream("GET", address) as response:
            async for chunk in response.aiter_bytes():
                lines += chunk.count(b"\n")
                arrived += [perf_counter()] * (lines // ROWS - len(arrived))
                if len(arrived) >= batches:
                    return


async def write(session: Traced, batches: int) -> list[float]:
    sent = []
    for seq in range(1, batches + 1):
        frame = session.frames[0].rows_of(ROWS)
        sent.append(perf_counter())
        await asyncio.to_thread(segment_store().append, session.session.pk, session.runs[0].pk, [frame])
        await nudge.send(nudge.session_group(session.session.pk), nudge.data_message(session.runs[0].pk, seq))
        await asyncio.sleep(PAUSE)
    return sent


async def main(batches: int, viewers: int) -> None:
    session, cookie, token = await asyncio.to_thread(prepare)
    key = str(session.session.pk)
    server = uvicorn.Server(uvicorn.Config("server.asgi:application", port=PORT, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    arrived: list[list[float]] = [[] for _ in range(viewers + 1)]
    reading = [asyncio.create_task(watch(key, cookie, arrived[n], batches)) for n in range(viewers)]
    reading.append(asyncio.create_task(follow(key, token, arrived[-1], batches)))
    await asyncio.sleep(1)
    sent = await write(session, batches)
    async with asyncio.timeout(30):
        await asyncio.gather(*reading)
    for name, columns in (("live.socket", arrived[:-1]), ("live.follow", arrived[-1:])):
        waits = np.concatenate([np.array(column) - np.array(sent) for column in columns]) * 1000
        p50, p99 = np.percentile(waits, [50, 99])
        report(name, viewers=len(columns), batches=batches, p50_ms=p50, p99_ms=p99, max_ms=waits.max())
    server.should_exit = True
    await serving


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(given + [200, 3][len(given) :])))
