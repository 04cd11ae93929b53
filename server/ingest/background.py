"""What an ingest process does by itself: nudges, sweeps, progress, heartbeats, sealing, retention, certificates."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from django.conf import settings
from django.utils import timezone

from server import keys, nudge
from server.audit import checkpoints
from server.consent import requests
from server.ending import ended
from server.fleet import answers, presence
from server.fleet.models import HEARTBEAT_SECONDS
from server.ingest import renewals, witnesses
from server.ingest.database import in_db
from server.ingest.links import Links
from server.ingest.outbound import push
from server.ingest.runs import flush
from server.tracing import dispatch, opening_orders, retention, sources
from server.tracing.reconcile import close_all_stored
from server.tracing.rollups.upkeep import roll_up
from server.tracing.segments import segment_store

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
PROGRESS_SECONDS = 0.25
SEAL_SECONDS = 5.0
BOUNDS_SECONDS = 10.0
REJOIN_SECONDS = 30.0
RENEW_SECONDS = 2.0
RENEW_OWN_SECONDS = 3600.0
SIGN_SECONDS = 2.0  # looked for so often; what is due is for server/audit/checkpoints.py to say
_RETRY_SECONDS = 1.0


class Background:
    def __init__(self, links: Links, group: nudge.Subscriber) -> None:
        self._links = links
        self._group = group
        self._nudged: set[uuid.UUID] = set()
        self._nudge = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs inside the block. What fails is logged and tried again: a database that is away comes back."""
        jobs: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self._receive, 0.0),
            (self._push_nudged, 0.0),
            (self._sweep, SWEEP_SECONDS),
            (self._heartbeat, HEARTBEAT_SECONDS),
            (self._write_progress, PROGRESS_SECONDS),
            (self._seal, SEAL_SECONDS),
            (self._roll_up, SEAL_SECONDS),
            (self._keep_bounds, BOUNDS_SECONDS),
            (self._rejoin, REJOIN_SECONDS),
            (self._sign_audit, SIGN_SECONDS),
            (self._renew, RENEW_SECONDS),
            (self._renew_own, RENEW_OWN_SECONDS),
        ]
        await in_db(close_all_stored)
        segment_store().halt.clear()
        tasks = [asyncio.create_task(_forever(job, pause)) for job, pause in jobs]
        try:
            yield
        finally:
            segment_store().halt.set()  # a segment takes seconds, and threads cannot be cancelled
            await ended(tasks)
            await self._write_progress()

    async def _receive(self) -> None:
        message = await self._group.receive()
        self._nudged.add(uuid.UUID(message["host"]))
        self._nudge.set()

    async def _push_nudged(self) -> None:
        """A start on a thousand hosts nudges a thousand times; those that came meanwhile go together."""
        await self._nudge.wait()
        self._nudge.clear()
        hosts, self._nudged = list(self._nudged), set()
        await self._let_go(hosts)
        await push(self._links, hosts)

    async def _sweep(self) -> None:
        """Makes up for lost nudges, and for what no single host's connection shows."""
        await in_db(dispatch.sweep)
        await in_db(answers.forget)
        await in_db(opening_orders.forget)
        await in_db(requests.expire)
        await self._let_go()
        await push(self._links)

    async def _let_go(self, hosts: list[uuid.UUID] | None = None) -> None:
        """Close the links of hosts that were revoked, whose certificate ended or that another connection holds."""
        links = self._links.all(hosts)
        holding = await in_db(presence.holding, [link.connection for link in links])
        for link in links:
            if link.connection not in holding or link.silent or link.expired:
                link.close()

    async def _heartbeat(self) -> None:
        await in_db(presence.still_here, [link.connection for link in self._links.all()])

    async def _write_progress(self) -> None:
        await flush([run for link in self._links.all() for run in link.runs.values()])

    async def _seal(self) -> None:
        await asyncio.to_thread(segment_store().seal_due)

    async def _roll_up(self) -> None:
        store = segment_store()
        for session, run in store.take_sealed():
            shift = await in_db(sources.shift, run)
            if shift is not None:
                await asyncio.to_thread(roll_up, store, session, run, shift)

    async def _keep_bounds(self) -> None:
        await in_db(retention.sweep, timezone.now())
        await in_db(opening_orders.lock, timezone.now())

    async def _sign_audit(self) -> None:
        await in_db(checkpoints.sign_due)
        await witnesses.round_of(self._links)

    async def _renew(self) -> None:
        await renewals.round_of(self._links)

    async def _renew_own(self) -> None:
        await asyncio.to_thread(keys.ensure_ingest, settings.ENV.keys, settings.ENV.grpc_names)

    async def _rejoin(self) -> None:
        """A Redis that was emptied has forgotten who listens."""
        for link in self._links.all():
            await self._group.join(nudge.host_group(link.host))


async def _forever(job: Callable[[], Awaitable[None]], pause: float) -> None:
    while True:
        try:
            await job()
            await asyncio.sleep(pause)
        except Exception:
            log.exception("%s failed; trying again", getattr(job, "__name__", job))
            await asyncio.sleep(_RETRY_SECONDS)
