"""The data stream: spooled frames up within a window, acks down. The spool is the queue, so nothing is held here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import grpc.aio

from agent.config import RUNS, SPOOL
from agent.link.upload import Upload
from proto.v1.agent_pb2 import Ack, DataDown, DataUp, Reject
from proto.v1.agent_pb2_grpc import AgentLinkStub
from proto.v1.local_pb2 import LinkToWarden, Spooled

log = logging.getLogger(__name__)


class Uploader:
    """Outlives connections. ``tell`` passes acks and rejects on to the warden."""

    def __init__(self, tell: Callable[[LinkToWarden], None], runs: Path = Path(RUNS)) -> None:
        self._tell, self._runs = tell, runs
        self._uploads: dict[bytes, Upload] = {}
        self._wake = asyncio.Event()

    def spooled(self, news: Spooled) -> None:
        upload = self._uploads.get(news.run_id)
        if upload is None:
            upload = Upload(news.run_id, self._runs / news.run_id.hex() / SPOOL, news.acked_seq)
            self._uploads[news.run_id] = upload
        upload.spooled, upload.ended = max(upload.spooled, news.seq), news.ended
        self._forget_if_done(upload)
        self._wake.set()

    async def run(self, stub: AgentLinkStub) -> None:
        """Until the stream ends, then raise AioRpcError."""
        for upload in self._uploads.values():
            upload.restart()
        call = stub.Data()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send(call))
            tasks.create_task(self._receive(call))

    async def _send(self, call: grpc.aio.StreamStreamCall[DataUp, DataDown]) -> None:
        while True:
            self._wake.clear()
            sent = 0
            for upload in list(self._uploads.values()):  # in turn, so that one run cannot hold up the others
                if upload.ready and (piece := upload.next()) is not None:
                    await call.write(DataUp(frame=piece.raw))
                    sent += 1
            if not sent:
                await self._wake.wait()

    async def _receive(self, call: grpc.aio.StreamStreamCall[DataUp, DataDown]) -> None:
        async for down in call:
            if down.HasField("ack"):
                self._acked(down.ack)
            elif down.HasField("reject"):
                self._rejected(down.reject)
            self._wake.set()
        raise ConnectionError(f"the server ended the data stream: {await call.details() or 'without a reason'}")

    def _acked(self, ack: Ack) -> None:
        upload = self._uploads.get(ack.run_id)
        if upload is not None and upload.ack(ack.seq):
            self._tell(LinkToWarden(ack=ack))
            self._forget_if_done(upload)

    def _rejected(self, reject: Reject) -> None:
        upload = self._uploads.get(reject.run_id)
        if upload is None:
            return
        log.warning("server rejects run %s: %s", reject.run_id.hex(), reject.reason)
        if reject.expected_seq:
            upload.reject(reject.expected_seq)
        else:
            self._tell(LinkToWarden(reject=reject))
            del self._uploads[reject.run_id]
            upload.close()

    def _forget_if_done(self, upload: Upload) -> None:
        if upload.done:
            del self._uploads[upload.run_id]
            upload.close()
