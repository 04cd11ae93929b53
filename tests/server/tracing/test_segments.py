from __future__ import annotations

from server.settings import ENV
from server.tracing.segments import segment_store


def test_there_is_one_store_where_the_settings_say() -> None:
    assert segment_store() is segment_store()
    assert segment_store().root.name == "segments"
    assert ENV.segments.name == "segments"
