from typing import Any

import pytest

from fleetscope.conditions import where
from fleetscope.errors import Refused


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("comm=cat", {"column": "comm", "op": "eq", "value": "cat"}),
        (" pid != 7", {"column": "pid", "op": "ne", "value": "7"}),
        ("latency>1.5ms", {"column": "latency", "op": "gt", "value": "1500000"}),
        ("latency <= 20", {"column": "latency", "op": "le", "value": "20"}),
        ("path~Lib ssl=1", {"column": "path", "op": "has", "value": "Lib ssl=1"}),
        ("path!~tmp", {"column": "path", "op": "has", "value": "tmp", "negated": True}),
        ("path^=/etc/", {"column": "path", "op": "prefix", "value": "/etc/"}),
        ("path=5s", {"column": "path", "op": "eq", "value": "5s"}),
        ("time>=2026-11-22T20:15:00.25Z", {"column": "time", "op": "ge", "value": "1795378500250000000"}),
    ],
)
def test_conditions_as_people_write_them(text: str, wanted: dict[str, Any]) -> None:
    assert where([text]) == {"filters": [wanted]}


@pytest.mark.parametrize(
    ("text", "message"),
    [("latency", "is no condition"), ("", "is no condition"), ("time<2026-13-40T00:00:00Z", "is no moment")],
)
def test_what_makes_no_sense_is_named(text: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        where([text])
