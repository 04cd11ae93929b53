from __future__ import annotations

import pytest

from server.audit.models import AuditEntry
from server.audit.record import record, record_once
from server.audit.way import coming, via


def test_an_entry_says_how_somebody_came_and_nothing_of_what_the_server_does(db: None) -> None:
    with coming(lambda: {"address": "10.0.0.1", "token": "ci"}):
        record("host.switch", "ann", detail={"off": True})
    record("host.switch", "retention")
    ours, theirs = AuditEntry.objects.order_by("id")
    assert ours.detail == {"off": True, "via": {"address": "10.0.0.1", "token": "ci"}}
    assert theirs.detail == {}


def test_the_way_ends_with_the_block_also_after_an_error() -> None:
    with coming(lambda: {"console": "root"}):
        with pytest.raises(ValueError, match="x"), coming(lambda: {"address": "10.0.0.1"}):
            raise ValueError("x")
        assert via() == {"console": "root"}
    assert via() == {}


def test_who_comes_another_way_is_another_entry(db: None) -> None:
    for way in ({"address": "a"}, {"address": "a"}, {"address": "a", "token": "ci"}, {"address": "b"}):
        with coming(lambda way=way: way):  # type: ignore[misc]
            record_once("session.view", "ann")
    assert AuditEntry.objects.count() == 3
