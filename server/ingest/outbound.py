"""From the database to the hosts: starts and questions once, stops and watches when they change."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from proto.v1.agent_pb2 import DestroyKeys, ServerMessage, Stop, Watch
from server.fleet.answers import take_asks
from server.ingest.database import in_db
from server.ingest.links import Link, Links
from server.ingest.witnesses import offer
from server.tracing.dispatch import Wanted, starts_wait, take_starts, wanted
from server.tracing.doomed_keys import doomed
from server.tracing.opening_orders import take_openings


async def push(links: Links, hosts: Iterable[uuid.UUID] | None = None) -> None:
    """Tell these hosts (or all that this process holds) what they have not been told yet."""
    held = {link.host: link for link in links.all(hosts)}
    if not held:
        return
    await _start(links, held)
    for host, ask in await in_db(take_asks, held):
        held[host].send(ServerMessage(ask=ask))
    for host, opening in await in_db(take_openings, held):
        held[host].send(ServerMessage(opening=opening))
    for host, runs in (await in_db(doomed, held)).items():
        if runs != held[host].doomed:
            held[host].doomed = runs
            held[host].send(ServerMessage(destroy=DestroyKeys(run_ids=[run.bytes for run in runs])))
    told = await in_db(wanted, held)
    for run in told:
        _tell(held[run.host], run)
    known = {run.run for run in told}
    for link in held.values():
        link.watched &= known


async def _start(links: Links, held: dict[uuid.UUID, Link]) -> None:
    """Behind the head that proves them: a host takes no other."""
    if not await in_db(starts_wait, held):
        return
    async with links.heads:
        starts = await in_db(take_starts, held)
        for note in {envelope.record.note for _host, _run, envelope in starts} - {""}:
            await offer([held[host] for host in {host for host, _run, _envelope in starts}], note)
        # One message for all hosts of a session: it holds the names of all of them twice over.
        orders = {id(envelope): envelope for _host, _run, envelope in starts}
        messages = {key: ServerMessage(start=envelope) for key, envelope in orders.items()}
        for host, _run, envelope in starts:
            held[host].send(messages[id(envelope)])


def _tell(link: Link, run: Wanted) -> None:
    if run.stop_cause and run.run not in link.stops:
        link.stops.add(run.run)
        cause = f"END_CAUSE_{run.stop_cause.upper()}"
        link.send(ServerMessage(stop=Stop(run_id=run.run.bytes, cause=cause, message=run.stop_message)))
    if run.watched != (run.run in link.watched):
        (link.watched.add if run.watched else link.watched.discard)(run.run)
        link.send(ServerMessage(watch=Watch(run_id=run.run.bytes, watched=run.watched)))
