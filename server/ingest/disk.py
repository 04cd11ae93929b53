"""Frames to this server's disk. While it refuses them the host keeps them, and the session says so."""

from __future__ import annotations

import asyncio
import errno
import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from proto.frame import Frame
from server.ingest.links import Link
from server.ingest.runs import OpenRun
from server.ingest.storing import Stored, store_frames

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

_DISK = ThreadPoolExecutor(8, thread_name_prefix="ingest-disk")


async def store(link: Link, run: OpenRun, frames: list[Frame]) -> Stored:
    """Tried again for as long as the disk refuses: nothing is acknowledged, no connection ends, and what comes behind
    waits in the host's spool. Raises ConnectionError when the host is gone meanwhile."""
    note = ""
    while not link.closed.is_set():
        try:
            stored = await asyncio.get_running_loop().run_in_executor(_DISK, store_frames, run, frames)
        except OSError as error:
            if not note:
                note = trouble(error)
                log.error("%s, run %s: %s", link.name, run.id, note)
                _tell(run, note)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            if note:
                log.info("%s, run %s: rows are stored again", link.name, run.id)
                _tell(run, "")
            return stored
    raise ConnectionError(f"{link.name} is gone")


def trouble(error: OSError) -> str:
    """What is wrong and what to do, in one line."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the server's disk is full: free space in {settings.ENV.segments}; until then rows wait on the host's disk"
        )
    return f"the server cannot store rows: {error.strerror or error}; until it can they wait on the host's disk"


def _tell(run: OpenRun, note: str) -> None:
    run.trouble = run.progress.note = note
    run.dirty = True
