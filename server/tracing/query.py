"""Questions about the rows of a session: a small typed model, compiled to SQL with bound values.

Identifiers in the SQL come only from the run's pinned schema, never from the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.errors import Invalid
from server.tracing import predicates
from server.tracing.predicates import Target

Function = Literal["count", "sum", "min", "max", "avg", "p50", "p90", "p99", "distinct"]
Name = Annotated[str, Field(max_length=64)]
_FUNCTIONS: dict[Function, str] = {
    "count": "count(*)",
    "sum": "sum({})",
    "min": "min({})",
    "max": "max({})",
    "avg": "avg({})",
    "p50": "quantile_disc({}, 0.5)",
    "p90": "quantile_disc({}, 0.9)",
    "p99": "quantile_disc({}, 0.99)",
    "distinct": "count(DISTINCT {})",
}


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Filter(Strict):
    """Bytes are written by the rule of exports; `time` is the wall clock in ns; a list belongs to `in`."""

    column: Name
    op: predicates.Operator
    value: int | Annotated[str, Field(max_length=8192)] | Annotated[list[int | str], Field(max_length=1000)]


class Key(Strict):
    """A column to group by. `width`: by ranges of this width; `log2`: by powers of two."""

    column: Name
    width: Annotated[int, Field(gt=0, lt=2**62)] | None = None
    log2: bool = False


class Measure(Strict):
    function: Function
    column: Name = ""

    @property
    def name(self) -> str:
        return f"{self.function}_{self.column}" if self.column else self.function


class Order(Strict):
    by: Name
    descending: bool = False


class Question(Strict):
    """Without `group_by` and `measures` it asks for rows, in the order in which they were stored."""

    stream: Name = ""
    columns: Annotated[list[Name], Field(max_length=100)] = []
    filters: Annotated[list[Filter], Field(max_length=50)] = []
    group_by: Annotated[list[Key], Field(max_length=8)] = []
    measures: Annotated[list[Measure], Field(max_length=20)] = []
    order: Annotated[list[Order], Field(max_length=8)] = []
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0  # deeper: filter by row


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of one run: a table function or a registered table, its parameters, what makes its times wall-clock ns, and
    what columns are called there if not the same: None where the run has no such column.
    """

    sql: str
    values: list[Any]
    host: str
    shift: int
    stored: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Compiled:
    sql: str = ""
    values: list[Any] = field(default_factory=list)
    columns: list[Target] = field(default_factory=list)


def compile_question(question: Question, stream: StreamSchema, relations: list[Relation]) -> Compiled:
    """Raises Invalid, naming the field."""
    targets = predicates.targets(stream)
    compiled = Compiled()
    inner = " UNION ALL ".join(_inner(question, stream, targets, relation, compiled) for relation in relations)
    grouped = bool(question.group_by or question.measures)
    selected = _aggregates(question, targets) if grouped else _rows(question, targets)
    compiled.columns = [target for _, target in selected]
    outputs = ", ".join(f"{sql} AS {_quoted(target.name)}" for sql, target in selected)
    group = f" GROUP BY {', '.join(str(i + 1) for i in range(len(question.group_by)))}" if question.group_by else ""
    order = _order(question, compiled.columns, len(question.group_by) if grouped else None)
    compiled.sql = f"SELECT {outputs} FROM ({inner}){group}{order} LIMIT {question.limit} OFFSET {question.offset}"  # noqa: S608
    return compiled


def _inner(
    question: Question, stream: StreamSchema, targets: dict[str, Target], relation: Relation, compiled: Compiled
) -> str:
    columns = ['?::VARCHAR AS "host"', '_row AS "row"']
    values: list[Any] = [relation.host]
    for column in stream.columns:
        stored, shown = relation.stored.get(column.name, column.name), _quoted(column.name)
        if stored is None:
            columns.append(f"NULL::{targets[column.name].sql_type} AS {shown}")
        elif targets[column.name].is_time:
            columns.append(f"{_quoted(stored)} + ?::BIGINT AS {shown}")
            values.append(relation.shift)
        else:
            columns.append(f"{_quoted(stored)} AS {shown}")
    conditions = ["true"]
    values += relation.values
    for number, wanted in enumerate(question.filters):
        target = _target(targets, wanted.column, f"filters.{number}.column")
        name = relation.stored.get(target.name, target.name)
        sql, bound = predicates.condition(target, wanted.op, wanted.value, relation.host, relation.shift, name)
        conditions.append(sql)
        values += bound
    compiled.values += values
    return f"SELECT {', '.join(columns)} FROM {relation.sql} WHERE {' AND '.join(conditions)}"  # noqa: S608


def _rows(question: Question, targets: dict[str, Target]) -> list[tuple[str, Target]]:
    names = question.columns or list(targets)
    found = [_target(targets, name, "columns") for name in names]
    return [(_quoted(target.name), target) for target in found]


def _aggregates(question: Question, targets: dict[str, Target]) -> list[tuple[str, Target]]:
    keys = [_key(key, _target(targets, key.column, "group_by")) for key in question.group_by]
    return keys + [_measure(measure, targets) for measure in question.measures or [Measure(function="count")]]


def _key(key: Key, target: Target) -> tuple[str, Target]:
    sql = _quoted(target.name)
    if key.width is None and not key.log2:
        return sql, target
    if not target.is_number:
        raise Invalid(f"{target.name} is not a number: it has no ranges", field="group_by")
    if key.log2:
        return _log2(sql), Target(target.name, "UTINYINT", tool_pb2.UNIT_LOG2_SLOT)
    return f"{sql} - {sql} % {key.width}", target


def _log2(sql: str) -> str:
    # By its binary digits: log2() works in doubles, which round 2^60 - 1 up to 2^60.
    return f"(length(bin(greatest({sql}, 1)::UBIGINT)) - 1)::UTINYINT"


def _measure(measure: Measure, targets: dict[str, Target]) -> tuple[str, Target]:
    if measure.function == "count":
        return "count(*)", Target("count", "UBIGINT", tool_pb2.UNIT_COUNT)
    target = _target(targets, measure.column, "measures")
    if measure.function != "distinct" and not target.is_number:
        raise Invalid(f"{target.name} is not a number: use count or distinct", field="measures")
    unit = tool_pb2.UNIT_COUNT if measure.function == "distinct" else target.unit
    kind = "DOUBLE" if measure.function == "avg" else "UBIGINT" if measure.function == "distinct" else target.sql_type
    return _FUNCTIONS[measure.function].format(_quoted(target.name)), Target(measure.name, kind, unit)


def _order(question: Question, columns: list[Target], keys: int | None) -> str:
    """As asked for, then by whatever makes the order of equal rows certain."""
    known = {target.name: number + 1 for number, target in enumerate(columns)}
    parts = []
    for number, order in enumerate(question.order):
        if order.by not in known:
            raise Invalid(
                f"{order.by!r} is not in the answer; order by one of {', '.join(known)}", field=f"order.{number}"
            )
        parts.append(f"{known[order.by]} {'DESC' if order.descending else 'ASC'}")
    if keys is None:
        parts += ['"host"', '"row"']
    else:
        if not parts and len(columns) > keys:
            parts.append(f"{keys + 1} DESC")
        parts += [str(number + 1) for number in range(keys)]
    return f" ORDER BY {', '.join(parts)}" if parts else ""


def _target(targets: dict[str, Target], name: str, where: str) -> Target:
    if name not in targets:
        raise Invalid(f"there is no column {name!r}; there are {', '.join(targets)}", field=where)
    return targets[name]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
