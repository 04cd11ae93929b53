"""The deployment's one store, where the settings say it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from server.tracing import session_keys
from server.tracing.store import SegmentStore


def segment_store() -> SegmentStore:
    return _at(settings.ENV.segments)


@cache
def _at(root: Path) -> SegmentStore:
    return SegmentStore(root, session_keys.data_key)
