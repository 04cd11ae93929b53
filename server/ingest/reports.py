"""What a host says on its control stream, taken over message by message."""

from __future__ import annotations

import uuid

from proto.v1.agent_pb2 import AgentMessage, Heartbeat, Refusal, RunUpdate, ServerMessage, Stop
from proto.v1.stream_pb2 import EndCause
from server import nudge
from server.fleet import answers, presence
from server.ingest import refused, renewals, trespass, witnesses
from server.ingest.database import in_db
from server.ingest.links import Link
from server.ingest.runs import OpenRun, load_run
from server.ingest.schema_check import SchemaError, acceptable
from server.tracing import doomed_keys, lifecycle, listings, opening_orders
from server.tracing.segments import segment_store

MAX_TARGETS = 512 * 1024
_NOTE = 2000


async def take_report(link: Link, message: AgentMessage) -> None:
    if message.HasField("run"):
        await _run(link, message.run)
    elif message.HasField("refusal"):
        await _refusal(link, message.refusal)
    elif message.HasField("names"):
        ask = await in_db(answers.answered, link.host, message.names)
        if ask is not None:
            await nudge.send(nudge.ask_group(ask), nudge.ask_message())
    elif message.HasField("opened"):
        opening = await in_db(opening_orders.answered, link.host, message.opened)
        if opening is not None:
            await nudge.send(nudge.ask_group(opening), nudge.ask_message())
    elif message.HasField("destroyed"):
        await in_db(doomed_keys.destroyed, link.host, message.destroyed)
    elif message.HasField("verdict"):
        await in_db(presence.judged, link.host, [message.verdict])
        await nudge.send(nudge.FLEET, nudge.fleet_message("hosts"))
    elif message.HasField("heartbeat"):
        await _heartbeat(link, message.heartbeat)
    elif message.HasField("witnessed"):
        witnesses.heard(link, message.witnessed)
    elif message.HasField("certificate_request"):
        await renewals.asked(link, message.certificate_request)
    elif message.HasField("hello"):  # again, because its policy or its switch changed
        await in_db(presence.described, link.host, message.hello)
        await nudge.send(nudge.FLEET, nudge.fleet_message("hosts"))


async def _heartbeat(link: Link, beat: Heartbeat) -> None:
    """A host at rest costs no write."""
    waiting = (beat.spool_bytes, beat.unacked_batches)
    if waiting != link.waiting:
        await in_db(presence.waiting, link.host, *waiting)
        link.waiting = waiting


async def open_run(link: Link, run_id: bytes) -> OpenRun | None:
    """The run, if it is one of this host and its rows are wanted."""
    run = link.runs.get(run_id)
    if run is None and (run := await in_db(load_run, link.host, run_id)):
        run = link.runs.setdefault(run_id, run)
    if run is None:
        await trespass.watch(link, run_id)
    return run


async def _run(link: Link, update: RunUpdate) -> None:
    run = await open_run(link, update.run_id)
    if run is None:
        if update.state != RunUpdate.STATE_ENDED:
            stop = Stop(
                run_id=update.run_id, cause=EndCause.END_CAUSE_STOPPED, message="the server does not know this run"
            )
            link.send(ServerMessage(stop=stop))
        return
    if update.listing and not run.listed:
        await in_db(listings.keep, run.id, update.listing)
        run.listed = True
    if run.closed:
        return
    if update.HasField("targets") and not await _targets(link, run, update):
        return
    if update.state == RunUpdate.STATE_ACCEPTED:
        await in_db(lifecycle.accepted, run.id)
    elif run.schema is None and update.HasField("schema") and not await _attach(link, run, update):
        return
    note(run, update)
    if update.state == RunUpdate.STATE_ENDED:
        await in_db(lifecycle.ending, run.id, update.end)


async def _targets(link: Link, run: OpenRun, update: RunUpdate) -> bool:
    """Told once, and again after every connect. Whether they could be kept; if not, the run is over."""
    if run.targeted:
        return True
    size = update.targets.ByteSize()
    if size > MAX_TARGETS:
        await _fail(
            link,
            run,
            f"what the filters mean takes {size} bytes to record, {MAX_TARGETS} are allowed; name less at once",
        )
        return False
    await in_db(lifecycle.targeted, run.id, update.targets)
    run.targeted = True
    return True


async def _attach(link: Link, run: OpenRun, update: RunUpdate) -> bool:
    """Whether the schema could be pinned; if not, the run is over."""
    try:
        schema = await in_db(acceptable, run.session, update.schema)
    except SchemaError as error:
        await _fail(link, run, f"the schema that the host announced was refused: {error}; check the host and its agent")
        return False
    update.schema.CopyFrom(schema)
    await in_db(segment_store().pin, run.session, run.id, schema)
    await in_db(lifecycle.attached, run.id, update)
    run.pin(schema)
    return True


async def _fail(link: Link, run: OpenRun, message: str) -> None:
    await refused.note(link, refused.Kind.SCHEMA, f"run {run.id}: {message}", run.session)
    await in_db(lifecycle.fail, run.id, message)
    link.runs.pop(run.id.bytes, None)
    link.send(ServerMessage(stop=Stop(run_id=run.id.bytes, cause=EndCause.END_CAUSE_FAILED, message=message)))
    run.has_schema.set()  # rows that wait for one are refused now


def note(run: OpenRun, update: RunUpdate) -> None:
    progress = run.progress
    if update.HasField("ledger") and run.end is None:  # it may be older than the last frame, which closes the books
        progress.ledger = update.ledger.SerializeToString()
    if update.HasField("cost"):
        progress.cost = update.cost.SerializeToString()
        progress.peak_percent = max(progress.peak_percent, update.cost.host_percent)
    if update.note and not run.trouble:
        progress.note = update.note.replace("\0", "")[:_NOTE]
    run.dirty = True


async def _refusal(link: Link, refusal: Refusal) -> None:
    run = await open_run(link, refusal.run_id)
    if run is not None and not run.closed:
        await in_db(lifecycle.refuse, uuid.UUID(bytes=refusal.run_id), refusal.reason)
        link.runs.pop(refusal.run_id, None)
