from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from proto.opening import OpenedRun, OpeningText, opening_text, read_opening
from proto.specification import SpecificationError, canonical, read

RUNS = (OpenedRun("web-1", "id-1", uuid.uuid4()), OpenedRun("web-2", "id-2", uuid.uuid4()))
TEXT = OpeningText(uuid.uuid4(), uuid.uuid4(), "sslsniff", "ada", "Ünclear answer", b"k" * 32, 1000, 1600, RUNS)


def test_what_is_signed_is_read_back_as_it_was_meant() -> None:
    payload = opening_text(TEXT)
    assert payload.isascii()
    assert read_opening(payload) == TEXT
    assert read_opening(opening_text(replace(TEXT, runs=()))).runs == ()


def test_a_signed_opening_is_no_signed_start_nor_the_other_way_round() -> None:
    with pytest.raises(SpecificationError, match="no specification of fleetscope-consent-v1"):
        read(opening_text(TEXT))
    start = canonical({"what": "fleetscope-consent-v1", "session": "x"})
    with pytest.raises(SpecificationError, match="no specification of fleetscope-opening-v1"):
        read_opening(start)


def _changed(**changes: Any) -> bytes:
    return canonical({**json.loads(opening_text(TEXT)), **changes})


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        _changed(user="\ud800"),
        _changed(expires=10**400),
        _changed(requested=-(10**400)),
        b"\xff",
        opening_text(TEXT) + b" ",
        opening_text(TEXT).replace(b"  ", b"   ", 1),
        _changed(more=1),
        _changed(key="00"),
        _changed(key="zz" * 32),
        _changed(key=(b"k" * 32).hex().upper()),
        _changed(session="x"),
        _changed(requested="1000"),
        _changed(expires=True),
        _changed(reason=None),
        _changed(runs=None),
        _changed(runs=[{}]),
        _changed(runs=[{"host": "a", "host_id": 1, "run": str(uuid.uuid4())}]),
        _changed(runs=[{"host": "a", "host_id": "1", "run": "no"}]),
        _changed(runs=[{"host": "a", "host_id": "1", "run": str(uuid.uuid4()), "more": 1}]),
    ],
)
def test_what_could_be_read_in_two_ways_or_not_at_all_is_refused(payload: bytes) -> None:
    with pytest.raises(SpecificationError):
        read_opening(payload)
