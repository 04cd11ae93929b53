from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from server.tracing.question import Measure


def test_measures_are_named_after_what_they_are() -> None:
    assert Measure(function="percentile", column="latency", percent=99.9).name == "p99.9_latency"
    assert Measure(function="p50", column="latency").name == "p50_latency"
    assert Measure(function="count").name == "count"


def test_percentiles_are_shares() -> None:
    assert Measure(function="percentile", column="latency", percent=99.9).share == Fraction(999, 1000)
    assert Measure(function="p99", column="latency").share == Fraction(99, 100)
    assert Measure(function="sum", column="latency").share is None


@pytest.mark.parametrize(
    "measure",
    [
        {"function": "percentile", "column": "latency"},
        {"function": "sum", "column": "latency", "percent": 50},
        {"function": "percentile", "column": "latency", "percent": 0},
        {"function": "percentile", "column": "latency", "percent": 100},
        {"function": "percentile", "column": "latency", "percent": float("nan")},
    ],
)
def test_a_percent_only_where_it_has_a_meaning(measure: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Measure.model_validate(measure)
