from __future__ import annotations

import pytest

from server.tracing.question import Question
from server.tracing.rollups.cubes import Cube
from server.tracing.rollups.match import cube_of
from tests.server.tracing.rows import EVENTS, STACKS

S = 10**9


def found(**question: object) -> Cube | None:
    return cube_of(Question.model_validate(question), EVENTS)


def on(column: str, op: str, value: object) -> dict[str, object]:
    return {"column": column, "op": op, "value": value}


@pytest.mark.parametrize(
    ("question", "cube"),
    [
        ({"measures": [{"function": "count"}]}, Cube(second=True)),
        ({"group_by": [{"column": "host"}]}, Cube(second=True)),
        ({"group_by": [{"column": "path"}]}, Cube(key="path")),
        ({"group_by": [{"column": "pid", "width": 10}]}, Cube(key="pid")),
        ({"group_by": [{"column": "path"}], "filters": [on("time", "ge", str(7 * S))]}, Cube(second=True, key="path")),
        ({"group_by": [{"column": "time", "width": 5 * S}, {"column": "comm"}]}, Cube(second=True, key="comm")),
        (
            {"group_by": [{"column": "time", "width": S}, {"column": "latency", "log2": True}]},
            Cube(second=True, slot="latency"),
        ),
        (
            {"filters": [on("comm", "eq", "x")], "measures": [{"function": "avg", "column": "latency"}]},
            Cube(key="comm"),
        ),
        ({"group_by": [{"column": "host"}], "filters": [on("time", "le", 7 * S - 1)]}, Cube(second=True)),
    ],
)
def test_the_smallest_cube_that_knows_the_answer(question: dict[str, object], cube: Cube) -> None:
    assert found(**question) == cube


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"group_by": [{"column": "path"}, {"column": "comm"}]},
        {"group_by": [{"column": "path"}], "filters": [on("comm", "eq", "x")]},
        {"group_by": [{"column": "time", "width": S // 2}]},
        {"group_by": [{"column": "time"}]},
        {"group_by": [{"column": "latency", "width": 8}]},
        {"group_by": [{"column": "path"}], "filters": [on("time", "ge", 7 * S + 1)]},
        {"group_by": [{"column": "path"}], "filters": [on("time", "gt", 7 * S)]},
        {"group_by": [{"column": "path"}], "filters": [on("time", "eq", 7 * S)]},
        {"group_by": [{"column": "path"}], "filters": [on("time", "ge", "soon")]},
        {"group_by": [{"column": "path"}], "filters": [on("row", "lt", 5)]},
        {"group_by": [{"column": "path"}], "filters": [on("latency", "gt", 5)]},
        {"measures": [{"function": "p99", "column": "latency"}]},
        {"measures": [{"function": "distinct", "column": "path"}]},
        {"measures": [{"function": "sum", "column": "fd"}]},
    ],
)
def test_what_no_cube_knows_is_left_to_the_rows(question: dict[str, object]) -> None:
    assert found(**question) is None


def test_a_flame_graph_has_a_cube_of_its_own() -> None:
    graph = {"group_by": [{"column": "stack"}], "measures": [{"function": "sum", "column": "samples"}]}
    later = {"filters": [on("time", "ge", str(7 * S)), on("stack", "contains", "main")]}
    assert cube_of(Question.model_validate(graph), STACKS) == Cube(key="stack")
    assert cube_of(Question.model_validate(graph | later), STACKS) == Cube(second=True, key="stack")
