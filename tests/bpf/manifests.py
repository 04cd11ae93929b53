"""A small, correct manifest to be broken in tests."""

from __future__ import annotations

import copy
from typing import Any

TIME = {
    "name": "time",
    "type": "s64",
    "unit": "boot_time",
    "role": "time",
    "sensitivity": "public",
    "help": "When",
}


def column(name: str, **changes: Any) -> dict[str, Any]:
    base = {"name": name, "type": "u32", "unit": "pid", "role": "key", "sensitivity": "public", "help": "What"}
    return {**base, **changes}


GROUP = column("cgroup", type="u64", unit="cgroup")
PATH = column("path", type="string", classes=[64, 256], unit="file_path", role="text", sensitivity="names")

EVENTS: dict[str, Any] = {
    "tool": {
        "name": "sample",
        "title": "Sample",
        "summary": "One line",
        "category": "any",
        "risk": "s1",
        "task": "caller",
        "filters": ["pid", "comm"],
        "compare": ["pid"],
        "merge": "interleave",
        "overhead": "Little",
    },
    "param": [
        {"name": "failed_only", "type": "bool", "default": "false", "help": "Only failed ones"},
        {"name": "mode", "type": "enum", "choices": ["any", "read-only"], "default": "any", "help": "Which"},
        {
            "name": "least",
            "type": "duration",
            "min": 0,
            "max": 10**10,
            "default": "1ms",
            "help": "At least",
            "unit": "ns",
        },
        {"name": "depth", "type": "int", "min": 1, "max": 99, "help": "How deep"},
    ],
    "variant": [{"name": "first", "probe": [{"type": "tracepoint", "target": "syscalls:sys_enter_getppid"}]}],
    "stream": [{"name": "rows", "kind": "events", "title": "Rows", "column": [TIME, column("pid"), PATH, GROUP]}],
    "limits": {"duration_seconds": {"default": 60, "max": 3600}, "budget_permille": {"default": 30, "max": 1000}},
}

TOP: dict[str, Any] = {
    **copy.deepcopy(EVENTS),
    "stream": [
        {
            "name": "calls",
            "kind": "top",
            "title": "Calls",
            "capacity": 1024,
            "hits": "count",
            "column": [
                TIME,
                column("pid"),
                column("comm", type="char", size=16, unit="comm"),
                column("count", type="u64", unit="count", role="measure"),
                column("total", type="u64", unit="nanoseconds", role="measure"),
            ],
        }
    ],
}


def changed(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value replaced, or removed when it is None: ``changed(EVENTS, "stream.0.column.1.help", "")``."""
    data: Any = copy.deepcopy(base)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = data
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    result: dict[str, Any] = data
    return result


DATA = column("data", type="string", classes=[64, 32768], unit="none", role="payload", sensitivity="content")
BYTES: dict[str, Any] = {
    **copy.deepcopy(EVENTS),
    "tool": {**EVENTS["tool"], "risk": "s3"},
    "stream": [
        {
            "name": "data",
            "kind": "bytes",
            "title": "Data",
            "column": [
                TIME,
                column("pid"),
                column("direction", type="char", size=8, unit="direction"),
                column("size", unit="bytes", role="measure"),
                GROUP,
                DATA,
            ],
        }
    ],
}
