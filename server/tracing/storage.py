"""The process's one event store."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from server.tracing.store import SegmentStore


@cache
def segment_store() -> SegmentStore:
    return SegmentStore(settings.ENV.segments)
