from __future__ import annotations

import pytest
from pydantic import ValidationError

from server.tracing.schemas import Filters, Limits, NewSession


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tool": ""},
        {"tool": "opensnoop", "hosts": "web-1"},
        {"tool": "opensnoop", "hosts": ["a"] * 1001},
        {"tool": "opensnoop", "params": {"x": 1}},
        {"tool": "opensnoop", "reason": "a\0b"},
        {"tool": "opensnoop", "surprise": 1},
        {"tool": "opensnoop", "filters": {"pid": -1}},
        {"tool": "opensnoop", "filters": {"pid": 2**32}},
        {"tool": "opensnoop", "limits": {"duration_ms": -1}},
    ],
)
def test_what_is_no_order_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewSession.model_validate(body)


def test_what_is_left_out_is_empty() -> None:
    order = NewSession.model_validate({"tool": "opensnoop"})
    assert (order.filters, order.limits, order.hosts) == (Filters(), Limits(), [])
    assert order.filters.model_dump(exclude_none=True, exclude_defaults=True) == {}
