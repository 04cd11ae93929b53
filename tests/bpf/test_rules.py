"""Each rule finds what breaks it, and nothing in a correct manifest."""

from __future__ import annotations

from typing import Any

import pytest

from bpf.rules import RESERVED_COLUMNS, broken_rules
from proto.shortform import fill
from proto.v1.tool_pb2 import Tool
from server.tracing.rows import HOST
from server.tracing.store.sealed import ROW, SEQ
from tests.bpf.manifests import BYTES, EVENTS, PATH, TIME, TOP, changed, column


def found(data: dict[str, Any]) -> list[str]:
    tool = Tool()
    fill(tool, {**data["tool"], **{key: value for key, value in data.items() if key != "tool"}})
    return list(broken_rules(tool, "sample"))


@pytest.mark.parametrize("data", [EVENTS, TOP, BYTES])
def test_a_correct_manifest_breaks_none(data: dict[str, Any]) -> None:
    assert found(data) == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("tool.overhead", "", "tool.overhead: missing"),
        ("tool.category", "stuff", "tool.category"),
        ("variant.0.probe.0.type", "uprobe_emulated", "the agent finds out itself"),
        ("tool.summary", "two\nlines", "one line"),
        ("tool.task", "none", "no filter by task"),
        ("tool.task", "socket", "of a socket's owner only uid and cgroup are known"),
        ("tool.compare", ["nothing"], "tool.compare"),
        ("stream.0.column.0.at_entry", True, "at_entry: only a stack"),
        ("stream.0.column.3", None, "rows tell whose control group it was: name cgroup"),
        ("stream.0.column.3.name", "group", "rows tell whose control group it was: name cgroup"),
        ("stream.0.column.3.role", "measure", "rows tell whose control group it was: name cgroup"),
        ("stream.0.column.3.unit", "container", "Fleetscope makes the column container"),
        ("param.0.name", "Failed", r"param[0].name"),
        ("param.1.name", "failed_only", "is there twice"),
        ("param.0.help", "", "param failed_only.help: missing"),
        ("param.0.default", "", "param failed_only.default: missing"),
        ("param.0.default", "perhaps", "neither true nor false"),
        ("param.0.required", True, "a required parameter has none"),
        ("param.1.choices", [], "param mode.choices"),
        ("param.2.default", "1 hour", "no duration"),
        ("param.3.macro", "depth", "param depth.macro"),
        ("param.3.max", 2**60, "over 2^53"),
        ("variant", [], "variant: missing"),
        ("variant.0.probe", [], "probes: missing"),
        ("variant.0.defines", ["A B"], "defines"),
        ("variant.0.probe.0.target", "getppid", "category:event"),
        ("variant.0.probe.0.program", "f", "name their program themselves"),
        ("variant.0.probe.0", {"type": "uprobe", "target": "$lib", "program": "f"}, "no parameter of that name"),
        ("variant.0.probe.0.mapped", True, "can be mapped"),
        ("stream.0.column.2.sensitivity", "content", "tool.risk: must be s3"),
        ("stream", [], "stream: missing"),
        ("stream.0.capacity", 5, "rows.capacity"),
        ("stream.0.hits", "pid", "rows.hits"),
        ("stream.0.column.1.sensitivity", None, "sensitivity: missing"),
        ("stream.0.column.1.size", 8, "char needs it"),
        ("stream.0.column.1.when", "depth", "not a bool or enum"),
        ("stream.0.column.1", column("raddr", type="char", size=8, unit="ip_address"), "a char of 16"),
        ("stream.0.column.2.classes", [256, 64], "must ascend"),
        ("stream.0.column.2.classes", [], "string needs them"),
        ("stream.0.column.0.unit", "nanoseconds", "role time"),
        ("stream.0.column", [TIME, PATH, {**PATH, "name": "again"}], "at most one string"),
        ("stream.0.column.1", column("slot", role="bucket"), "exactly one bucket"),
        ("stream.0.column.1", column("frames", type="stack", role="stack"), "exactly one stack"),
        ("limits.duration_seconds.default", 7200, "over the maximum"),
        ("limits.budget_permille", {}, "budget_permille: missing"),
    ],
)
def test_events_break_a_rule(path: str, value: object, problem: str) -> None:
    problems = found(changed(EVENTS, path, value))
    assert any(problem in line for line in problems), problems


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("stream.0.capacity", 0, "calls.capacity"),
        ("stream.0.hits", "pid", "not a measure"),
        ("stream.0.column.2.size", 12, "multiple of 8"),
        ("stream.0.column.3.type", "u32", "u64"),
    ],
)
def test_aggregates_break_a_rule(path: str, value: object, problem: str) -> None:
    problems = found(changed(TOP, path, value))
    assert any(problem in line for line in problems), problems


@pytest.mark.parametrize("name", ["host", "stream", "row", "_seq", "_row"])
def test_a_column_that_every_row_has_anyway_is_refused(name: str) -> None:
    problem = f"stream rows.column {name}.name: Fleetscope adds a column {name!r} to every row itself"
    assert any(line.startswith(problem) for line in found(changed(EVENTS, "stream.0.column.1.name", name)))


def test_the_columns_of_the_store_and_the_exports_are_reserved() -> None:
    assert {SEQ, ROW, HOST} <= set(RESERVED_COLUMNS)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("stream.0.column.2.unit", "word", "one of unit direction"),
        ("stream.0.column.3.unit", "count", "one of unit bytes"),
        ("stream.0.column.5.role", "text", "role payload"),
        ("stream.0.column.5.sensitivity", "names", "sensitivity content"),
        ("tool.risk", "s2", "must be s3"),
    ],
)
def test_bytes_break_a_rule(path: str, value: object, problem: str) -> None:
    problems = found(changed(BYTES, path, value))
    assert any(problem in line for line in problems), problems
