from __future__ import annotations

import pytest
from pydantic import ValidationError

from server.errors import Invalid
from server.tracing.query import Relation, compile_question
from server.tracing.question import Question
from tests.server.tracing.rows import EVENTS, STACKS

HOSTILE = 'pid" FROM secrets --'
RELATION = Relation("rows", [], "db-1", 7)


def compiled(**question: object) -> tuple[str, list[object]]:
    found = compile_question(Question.model_validate(question), EVENTS, [RELATION])
    return found.sql, found.values


@pytest.mark.parametrize(
    "question",
    [
        {"columns": [HOSTILE]},
        {"filters": [{"column": HOSTILE, "op": "eq", "value": 1}]},
        {"group_by": [{"column": HOSTILE}]},
        {"measures": [{"function": "sum", "column": HOSTILE}]},
        {"order": [{"by": HOSTILE}]},
    ],
)
def test_names_come_only_from_the_schema(question: dict[str, object]) -> None:
    with pytest.raises(Invalid) as error:
        compiled(**question)
    assert error.value.field
    assert "pid" in error.value.message


def test_values_are_bound_and_never_part_of_the_text() -> None:
    value = "'; DROP TABLE rows; --"
    sql, values = compiled(filters=[{"column": "path", "op": "eq", "value": value}])
    assert "DROP" not in sql
    assert value.encode() in values
    assert "db-1" in values and "db-1" not in sql


def test_times_are_asked_for_and_given_as_wall_clock() -> None:
    sql, values = compiled(filters=[{"column": "time", "op": "ge", "value": "1000"}])
    assert '"time" >= ?' in sql
    assert values == ["db-1", 7, 993]


@pytest.mark.parametrize(
    "question",
    [
        {"limit": 0},
        {"limit": 10_001},
        {"offset": -1},
        {"offset": 10**9},
        {"unknown": 1},
        {"filters": [{"column": "pid", "op": "like", "value": 1}]},
        {"group_by": [{"column": "time", "width": 0}]},
        {"measures": [{"function": "stddev", "column": "pid"}]},
    ],
)
def test_what_the_model_does_not_know_is_refused(question: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Question.model_validate(question)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"group_by": [{"column": "comm", "width": 5}]}, "comm is not a number"),
        ({"measures": [{"function": "avg", "column": "path"}]}, "path is not a number"),
        ({"group_by": [{"column": "comm"}], "order": [{"by": "pid"}]}, "'pid' is not in the answer"),
    ],
)
def test_what_has_no_meaning_is_refused(question: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        compiled(**question)


def test_stacks_can_be_grouped_and_searched() -> None:
    question = Question.model_validate(
        {"filters": [{"column": "stack", "op": "contains", "value": "main"}], "group_by": [{"column": "stack"}]}
    )
    found = compile_question(question, STACKS, [RELATION])
    assert [target.name for target in found.columns] == ["stack", "count"]
