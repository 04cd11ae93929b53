"""The data stream of one host: frames up, acknowledgements down.

While one group of frames is being made durable the next one gathers, so a busy host shares each fdatasync among many
frames and an idle one waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator

from google.protobuf.message import DecodeError

from proto.frame import MAX_HEAD, PREFIX, Frame, FrameError, decode
from proto.v1.agent_pb2 import DataDown, DataUp, Reject
from proto.v1.stream_pb2 import BatchHead
from server import nudge
from server.ingest import disk, refused
from server.ingest.database import in_db
from server.ingest.inbox import Inbox, Room
from server.ingest.links import Link
from server.ingest.reports import open_run
from server.ingest.runs import OpenRun, flush
from server.ingest.storing import Stored
from server.tracing import lifecycle
from server.tracing.ended_by import SERVER

log = logging.getLogger(__name__)

# Rows may overtake the report that holds their schema: it comes on the other stream.
SCHEMA_SECONDS = 10


class DataStream:
    """Serves one call of `AgentLink.Data`."""

    def __init__(self, link: Link, room: Room) -> None:
        self._link = link
        self._room = room
        self._refused = False  # in so many words

    async def serve(self, requests: AsyncIterator[DataUp]) -> AsyncIterator[DataDown]:
        for run in self._link.runs.values():
            run.awaited_seq = 0
        inbox = Inbox(self._room)
        filling = asyncio.create_task(self._fill(inbox, requests))
        closing = asyncio.create_task(self._close(filling))
        try:
            while frames := await inbox.take():
                for answer in await self._store(frames):
                    yield answer
        finally:
            filling.cancel()
            closing.cancel()
            await inbox.close()
            if not self._refused:
                self._link.data_ended.set()
            await flush(self._link.runs.values())

    async def _fill(self, inbox: Inbox, requests: AsyncIterator[DataUp]) -> None:
        try:
            await inbox.fill(requests)
        except DecodeError:
            self._refused = True
            await refused.note(self._link, refused.Kind.MESSAGE, "it sent a message of rows that cannot be read")

    async def _close(self, filling: asyncio.Task[None]) -> None:
        """Without its control stream a host may not send: another process may hold it by now."""
        await self._link.closed.wait()
        filling.cancel()

    async def _store(self, raws: list[bytes]) -> list[DataDown]:
        by_run: dict[bytes, list[Frame]] = {}
        answers: list[DataDown] = []
        for raw in raws:
            try:
                frame = decode(raw)
            except FrameError as error:
                await refused.note(self._link, refused.Kind.FRAME, f"it sent a damaged frame: {error}")
                answers += self._again(raw, str(error))
                continue
            by_run.setdefault(frame.head.run_id, []).append(frame)
        for stored in await asyncio.gather(*(self._store_run(run_id, frames) for run_id, frames in by_run.items())):
            answers += stored
        return answers

    def _again(self, raw: bytes, reason: str) -> list[DataDown]:
        """A damaged frame may still say which run it is of; if that is wrong, a hole will show."""
        run = self._link.runs.get(claimed_run(raw))
        if run is None:
            return []
        run.awaited_seq = run.progress.stored_seq + 1
        return [DataDown(reject=Reject(run_id=run.id.bytes, expected_seq=run.awaited_seq, reason=reason))]

    async def _store_run(self, run_id: bytes, frames: list[Frame]) -> list[DataDown]:
        run = await open_run(self._link, run_id)
        if run is None:
            await refused.late(self._link, run_id)
            return [DataDown(reject=Reject(run_id=run_id, expected_seq=0, reason="the server does not want this run"))]
        if run.awaited_seq:
            frames = _from(run.awaited_seq, frames)
        if not frames:
            return []
        if run.schema is None and any(frame.body for frame in frames):
            await _schema(run)
        stored = await disk.store(self._link, run, frames)
        await self._after(run, stored)
        return [stored.answer]

    async def _after(self, run: OpenRun, stored: Stored) -> None:
        if stored.late:
            await refused.late(self._link, run.id.bytes)
        if stored.unacceptable:
            await refused.note(self._link, refused.Kind.BATCH, f"run {run.id}: {stored.unacceptable}", run.session)
            await in_db(lifecycle.lose, run.id, stored.unacceptable, SERVER)
            self._link.runs.pop(run.id.bytes, None)
        elif run.end is not None and not run.closed:
            await in_db(lifecycle.close, run.progress, run.end)
            run.closed, run.dirty = True, False
            self._link.runs.pop(run.id.bytes, None)  # a repeat of its frames would load it again
        if not stored.unacceptable:
            message = nudge.data_message(run.id, run.progress.stored_seq)
            await nudge.send(nudge.session_group(run.session), message)


def claimed_run(raw: bytes) -> bytes:
    """The run id in the head of a frame that failed its checks; empty when that cannot be read."""
    try:
        head_size = PREFIX.unpack_from(raw)[1]
        return BatchHead.FromString(raw[PREFIX.size : PREFIX.size + min(head_size, MAX_HEAD)]).run_id
    except (struct.error, DecodeError):
        return b""


def _from(seq: int, frames: list[Frame]) -> list[Frame]:
    """After a hole the frames that were on their way already are of no use; the host sends them again."""
    start = next((position for position, frame in enumerate(frames) if frame.head.seq == seq), len(frames))
    return frames[start:]


async def _schema(run: OpenRun) -> None:
    try:
        await asyncio.wait_for(run.has_schema.wait(), SCHEMA_SECONDS)
    except TimeoutError:
        log.warning("run %s: rows arrived, but no schema within %s s", run.id, SCHEMA_SECONDS)
