from __future__ import annotations

import datetime

import pytest

from server.tracing.envelope import CONTEXT, LIFETIME, _ns


def test_the_context_keeps_the_signature_apart_from_any_other() -> None:
    assert CONTEXT == b"fleetscope-envelope-v1\0"
    assert datetime.timedelta(seconds=60) == LIFETIME


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_times_are_exact(microsecond: int) -> None:
    moment = datetime.datetime(2026, 11, 22, 11, 0, 0, microsecond, tzinfo=datetime.UTC)
    assert _ns(moment) == 1_795_345_200 * 10**9 + microsecond * 1000
