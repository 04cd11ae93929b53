"""Give every sealed file of a run its rollup, after a crash or an update too."""

from __future__ import annotations

import logging
from uuid import UUID

import duckdb
import pyarrow as pa

from server.tracing.rollups.build import build
from server.tracing.rollups.files import Rollups
from server.tracing.store import SegmentStore

logger = logging.getLogger(__name__)

_ROLLUPS = Rollups()


def roll_up(store: SegmentStore, session: UUID, run: UUID, shift: int) -> int:
    """Make those that are missing or not of these rows; how many. ``shift`` makes the run's times wall-clock ns."""
    made = 0
    for stream, sealed in store.sealed(session, run):
        if store.halt.is_set():
            break
        if not sealed.whole or _ROLLUPS.of(sealed, shift) is not None:
            continue
        try:
            made += build(sealed, stream, shift)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            logger.warning("%s has no rollup, its rows are read instead: %s", sealed.path, error)
    return made
