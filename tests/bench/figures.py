"""One measured figure, as the benches print it: a JSON line that the table of docs/benchmarks.md is made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several rounds."""

    median: float
    least: float
    most: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Figure:
    """``name`` is what goals.toml knows it by; ``peer`` was measured in turns with ours."""

    name: str
    unit: str
    ours: Spread
    peer: Spread | None = None
    note: str = ""

    def tell(self) -> None:
        print(json.dumps({"bench": self.name, **asdict(self)}, ensure_ascii=False), flush=True)


def spread(values: Sequence[float]) -> Spread:
    least, middle, most = (round(value, 4) for value in (min(values), median(values), max(values)))
    return Spread(middle, least, most, len(values))
