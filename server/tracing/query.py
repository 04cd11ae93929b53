"""Questions compiled to SQL with bound values. Identifiers come only from the run's pinned schema.

Where some of the rows are known by a rollup, each relation is counted by itself and the counts are added up; else all
rows are one table. The answer is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.errors import Invalid
from server.tracing import predicates
from server.tracing.expressions import average, log2, quoted
from server.tracing.percentiles import Percentile, column_name, in_two_passes
from server.tracing.predicates import Held, Target
from server.tracing.question import Filter, Key, Measure, Question
from server.tracing.rollups.cubes import COUNT, CUBE, Cube, max_name, min_name, slot_name, sum_name

_SIMPLE = {"sum": "sum({})", "min": "min({})", "max": "max({})", "distinct": "count(DISTINCT {})"}
_MEASURED = {"avg": "DOUBLE", "distinct": "UBIGINT", "sum": "HUGEINT"}  # others are values of the column
_VALUES = ":values {}"  # how many rows of a part have the column at all


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of one run: a table function or a registered table, its parameters, what makes its times wall-clock ns, and
    what columns are called there if not the same: None where the run has no such column.

    With a ``cube`` its rows are those of a rollup, of which the cube has ``number``.
    """

    sql: str
    values: list[Any]
    host: str
    shift: int
    stored: Mapping[str, str | None] = field(default_factory=dict)
    cube: Cube | None = None
    number: int = 0

    def name(self, column: str) -> str:
        return self.stored.get(column, column) or column


@dataclass(slots=True)
class Compiled:
    sql: str = ""
    values: list[Any] = field(default_factory=list)
    columns: list[Target] = field(default_factory=list)


def compile_question(question: Question, stream: StreamSchema, relations: list[Relation]) -> Compiled:
    """Raises Invalid, naming the field."""
    targets = predicates.targets(stream)
    compiled = Compiled()
    grouped = bool(question.group_by or question.measures)
    selected = _aggregates(question, targets) if grouped else _rows(question, targets)
    compiled.columns = [target for _, target in selected]
    if any(relation.cube for relation in relations):
        parts = [_part(question, stream, targets, relation, compiled) for relation in relations]
        outputs = [_key_name(number) for number in range(len(question.group_by))]
        outputs += [_added_up(measure) for measure in _measures(question)]
    else:
        parts = [_inner(question, stream, targets, relation, compiled) for relation in relations]
        outputs = [sql for sql, _ in selected]
    rows, group = " UNION ALL ".join(parts), _group(question)
    if any(measure.share for measure in question.measures):
        rows, outputs = _percentiles(question, rows, outputs)
        group = ""
    named = ", ".join(f"{sql} AS {quoted(target.name)}" for sql, target in zip(outputs, compiled.columns, strict=True))
    hosts = {relation.host for relation in relations}
    order = _order(question, compiled.columns, len(question.group_by) if grouped else None, hosts)
    compiled.sql = (
        f"SELECT {named} FROM ({rows}){group}{order} "  # noqa: S608
        f"LIMIT {question.limit} OFFSET {question.offset}"
    )
    return compiled


def compile_selection(question: Question, stream: StreamSchema, relation: Relation, columns: list[str]) -> Compiled:
    """The rows of one relation that pass, by number, with ``columns`` as the run calls them. Raises Invalid."""
    conditions, values = _conditions(question, predicates.targets(stream), relation)
    names = ", ".join(quoted(name) for name in columns) or "1"
    sql = f"SELECT {names} FROM {relation.sql} WHERE {conditions} ORDER BY _row"  # noqa: S608
    return Compiled(sql, [*relation.values, *values])


def _percentiles(question: Question, rows: str, outputs: list[str]) -> tuple[str, list[str]]:
    """The groups with all of their measures, and what those are called there."""
    by = len(question.group_by)
    keys = {_key_name(number): sql for number, sql in enumerate(outputs[:by])}
    others: dict[str, str] = {}
    wanted: list[Percentile] = []
    names = list(keys)
    for number, (measure, sql) in enumerate(zip(question.measures, outputs[by:], strict=True)):
        if measure.share is None:
            names.append(quoted(f":measure {number}"))
            others[names[-1]] = sql
        else:
            names.append(column_name(len(wanted)))
            wanted.append(Percentile(measure.column, measure.share))
    return in_two_passes(rows, keys, others, wanted), names


def _inner(
    question: Question, stream: StreamSchema, targets: dict[str, Target], relation: Relation, compiled: Compiled
) -> str:
    """The rows that the filters let through, called as in the answer."""
    columns = ['?::VARCHAR AS "host"', '_row AS "row"']
    values: list[Any] = [relation.host]
    for column in stream.columns:
        stored, shown = relation.stored.get(column.name, column.name), quoted(column.name)
        if stored is None:
            columns.append(f"NULL::{targets[column.name].sql_type} AS {shown}")
        elif targets[column.name].is_time:
            columns.append(f"{quoted(stored)} + ?::BIGINT AS {shown}")
            values.append(relation.shift)
        else:
            columns.append(f"{quoted(stored)} AS {shown}")
    conditions, bound = _conditions(question, targets, relation)
    compiled.values += [*values, *relation.values, *bound]
    return f"SELECT {', '.join(columns)} FROM {relation.sql} WHERE {conditions}"  # noqa: S608


def _cube(question: Question, cube: Cube, targets: dict[str, Target], relation: Relation, compiled: Compiled) -> str:
    """The cube's rows that the filters let through: the second stands for the time of all that happened in it."""
    columns, values = ['?::VARCHAR AS "host"', quoted(COUNT)], [relation.host, *relation.values]
    if cube.second:
        time = next(target.name for target in targets.values() if target.is_time)
        columns.append(f"{quoted(relation.name(time))} + ?::BIGINT AS {quoted(time)}")
        values.insert(1, relation.shift)
    if cube.key:
        columns.append(f"{quoted(relation.name(cube.key))} AS {quoted(cube.key)}")
    if cube.slot:
        columns.append(f"{quoted(slot_name(relation.name(cube.slot)))} AS {quoted(slot_name(cube.slot))}")
    for name in dict.fromkeys(measure.column for measure in _measures(question) if measure.column):
        for part in (sum_name, min_name, max_name):
            columns.append(f"{quoted(part(relation.name(name)))} AS {quoted(part(name))}")
    conditions, bound = _conditions(question, targets, relation)
    compiled.values += [*values, *bound]
    number = f"{quoted(CUBE)} = {relation.number}"
    return f"SELECT {', '.join(columns)} FROM {relation.sql} WHERE {number} AND {conditions}"  # noqa: S608


def _conditions(question: Question, targets: dict[str, Target], relation: Relation) -> tuple[str, list[Any]]:
    values: list[Any] = []

    def sql(wanted: Filter, field: str) -> str:
        target = _target(targets, wanted.column, f"{field}.column")
        name = relation.stored.get(target.name, target.name)
        held = Held(wanted.op, wanted.value, wanted.negated)
        text, bound = predicates.condition(target, held, relation.host, relation.shift, name)
        values.extend(bound)
        return f"({text})"

    conditions = ["true", *(sql(wanted, f"filters.{number}") for number, wanted in enumerate(question.filters))]
    for number, alternatives in enumerate(question.any_of):
        either = " OR ".join(sql(wanted, f"any_of.{number}.{place}") for place, wanted in enumerate(alternatives))
        conditions.append(f"({either})")
    return " AND ".join(conditions), values


def _part(
    question: Question, stream: StreamSchema, targets: dict[str, Target], relation: Relation, compiled: Compiled
) -> str:
    """What one relation adds to each group."""
    cube = relation.cube
    if cube is None:
        inner = _inner(question, stream, targets, relation, compiled)
    else:
        inner = _cube(question, cube, targets, relation, compiled)
    columns = [f"{_key(key, targets, cube)[0]} AS {_key_name(n)}" for n, key in enumerate(question.group_by)]
    columns.append(f"{f'sum({quoted(COUNT)})' if cube else 'count(*)'}::HUGEINT AS {quoted(COUNT)}")
    for name in dict.fromkeys(measure.column for measure in _measures(question) if measure.column):
        columns += _measured(name, of_cube=cube is not None)
    return f"SELECT {', '.join(columns)} FROM ({inner}){_group(question)}"  # noqa: S608


def _measured(name: str, *, of_cube: bool) -> list[str]:
    total, least, most = (quoted(part(name)) if of_cube else quoted(name) for part in (sum_name, min_name, max_name))
    known = f"sum({quoted(COUNT)})" if of_cube else f"count({quoted(name)})"
    return [
        f"sum({total})::HUGEINT AS {quoted(sum_name(name))}",
        f"min({least}) AS {quoted(min_name(name))}",
        f"max({most}) AS {quoted(max_name(name))}",
        f"{known}::HUGEINT AS {quoted(_VALUES.format(name))}",
    ]


def _added_up(measure: Measure) -> str:
    """A measure of a group from those of its parts."""
    total, known = f"sum({quoted(sum_name(measure.column))})", f"sum({quoted(_VALUES.format(measure.column))})"
    return {
        "count": f"coalesce(sum({quoted(COUNT)}), 0)::BIGINT",
        "sum": f"{total}::HUGEINT",
        "min": f"min({quoted(min_name(measure.column))})",
        "max": f"max({quoted(max_name(measure.column))})",
        "avg": average(total, known),
    }[measure.function]


def _rows(question: Question, targets: dict[str, Target]) -> list[tuple[str, Target]]:
    names = question.columns or list(targets)
    found = [_target(targets, name, "columns") for name in names]
    return [(quoted(target.name), target) for target in found]


def _measures(question: Question) -> list[Measure]:
    return question.measures or [Measure(function="count")]


def _aggregates(question: Question, targets: dict[str, Target]) -> list[tuple[str, Target]]:
    keys = [_key(key, targets, None) for key in question.group_by]
    return keys + [_measure(measure, targets) for measure in _measures(question)]


def _key_name(number: int) -> str:
    return quoted(f":key {number}")


def _group(question: Question) -> str:
    keys = len(question.group_by)
    return f" GROUP BY {', '.join(str(number + 1) for number in range(keys))}" if keys else ""


def _key(key: Key, targets: dict[str, Target], cube: Cube | None) -> tuple[str, Target]:
    target = _target(targets, key.column, "group_by")
    sql = quoted(target.name)
    if key.width is None and not key.log2:
        return sql, target
    if not target.is_number:
        raise Invalid(f"{target.name} is not a number: it has no ranges", field="group_by")
    if key.log2:
        in_cube = cube is not None and cube.slot == target.name
        slot = quoted(slot_name(target.name)) if in_cube else log2(sql)
        return slot, Target(target.name, "UTINYINT", tool_pb2.UNIT_LOG2_SLOT)
    return f"{sql} - {sql} % {key.width}", target


def _measure(measure: Measure, targets: dict[str, Target]) -> tuple[str, Target]:
    if measure.function == "count":
        return "count(*)", Target("count", "UBIGINT", tool_pb2.UNIT_COUNT)
    target = _target(targets, measure.column, "measures")
    if measure.function != "distinct" and not target.is_number:
        raise Invalid(f"{target.name} is not a number: use count or distinct", field="measures")
    unit = tool_pb2.UNIT_COUNT if measure.function == "distinct" else target.unit
    kind = _MEASURED.get(measure.function, target.sql_type)
    return _aggregate(measure, quoted(target.name)), Target(measure.name, kind, unit)


def _aggregate(measure: Measure, sql: str) -> str:
    if measure.share is not None:
        return ""  # of no single pass
    if measure.function == "avg":
        return average(f"sum({sql})::HUGEINT", f"count({sql})")
    return _SIMPLE[measure.function].format(sql)


def _order(question: Question, columns: list[Target], keys: int | None, hosts: set[str]) -> str:
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
        parts += ['"host"', '"row"'] if len(hosts) > 1 else ['"row"']
    else:
        if not parts and len(columns) > keys:
            parts.append(f"{keys + 1} DESC")
        parts += [str(number + 1) for number in range(keys)]
    return f" ORDER BY {', '.join(parts)}" if parts else ""


def _target(targets: dict[str, Target], name: str, where: str) -> Target:
    if name not in targets:
        raise Invalid(f"there is no column {name!r}; there are {', '.join(targets)}", field=where)
    return targets[name]
