"""Sends what is due, beside the web's requests: a receiver that is slow or away holds up nobody, not even another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from typing import ParamSpec, TypeVar
from uuid import UUID

import httpx
from channels.db import database_sync_to_async
from django.conf import settings

from server.ending import ended
from server.keys import KeysMissing
from server.webhooks import address, queue, sealing
from server.webhooks.models import Delivery

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

LOOK_SECONDS = 1.0
FORGET_SECONDS = 600.0
TIMEOUT = 15.0  # seconds for a whole try
AT_ONCE = 8
_certificates = cache(httpx.create_ssl_context)  # those of the system's SSL_CERT_FILE where it is set
_threads = ThreadPoolExecutor(2, "webhooks")  # of their own: no reader of rows waits behind them, nor they behind one


@asynccontextmanager
async def sending() -> AsyncIterator[None]:
    """Runs inside the block. What it was about to send then is sent by the next process."""
    sender = _Sender()
    task = asyncio.create_task(sender.run(), name="webhooks")
    try:
        yield
    finally:
        await ended([task, *sender.tasks.values()])


class _Sender:
    def __init__(self) -> None:
        self.tasks: dict[UUID, asyncio.Task[None]] = {}

    async def run(self) -> None:
        forgotten = 0.0
        while True:
            try:
                await self._start_due()
                if time.monotonic() - forgotten > FORGET_SECONDS:
                    forgotten = time.monotonic()
                    await _in_db(queue.forget)
            except Exception as error:  # each database has its own
                log.warning("webhooks wait, trying again: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _start_due(self) -> None:
        room = AT_ONCE - len(self.tasks)
        if room <= 0:
            return
        for delivery in await _in_db(queue.take, list(self.tasks), room):
            self.tasks[delivery.webhook_id] = asyncio.create_task(self._send_one(delivery))

    async def _send_one(self, delivery: Delivery) -> None:
        """Never raises: what cannot be written down is sent again when its lease ends."""
        try:
            result, delivered = await attempt(delivery)
            await _in_db(queue.done, delivery, result, delivered=delivered)
        except Exception:
            log.exception("a webhook of %s failed; trying again", delivery.webhook.team)
        finally:
            del self.tasks[delivery.webhook_id]


async def attempt(delivery: Delivery) -> tuple[str, bool]:
    """What came of it, for people, and whether it has arrived."""
    try:
        async with asyncio.timeout(TIMEOUT):
            status = await _post(delivery)
    except TimeoutError:
        return f"no answer within {TIMEOUT:g} s", False
    except (address.AddressRefused, sealing.SecretLost, KeysMissing) as error:
        return str(error), False
    except OSError as error:
        return f"its name cannot be resolved: {error.strerror or error}", False
    except httpx.HTTPError as error:
        return f"no answer: {error or type(error).__name__}", False
    return f"answered {status}", 200 <= status < 300


async def _post(delivery: Delivery) -> int:
    """The name is resolved once, here, and the connection goes to the address that was looked at: a name that means
    another one a moment later leads nowhere else. No redirects, no proxy of the environment, and no answer is read."""
    webhook = delivery.webhook
    place = await asyncio.to_thread(address.find, webhook.url, settings.ENV.webhook_networks)
    body = delivery.body.encode()
    secret = sealing.unseal(webhook.pk, bytes(webhook.secret))
    headers = {
        "host": place.parts.netloc,
        "content-type": "application/json",
        "user-agent": "fleetscope-webhook",
        **sealing.headers(secret, delivery.pk, int(time.time()), body),
    }
    extensions = {"sni_hostname": place.parts.hostname}
    async with (
        httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=_certificates()) as client,
        client.stream("POST", place.url, content=body, headers=headers, extensions=extensions) as reply,
    ):
        return reply.status_code


async def _in_db(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    call = database_sync_to_async(function, thread_sensitive=False, executor=_threads)
    return await call(*args, **kwargs)
