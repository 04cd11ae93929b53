"""What the tests of each tool prove, by their marks `@pytest.mark.proves(...)`; `python -m tests.bpf.truth` writes
docs/ground-truth.md.

Whether a property means anything for a tool follows from its manifest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bpf.catalog import ROOT as TOOLS
from bpf.catalog import load_catalog
from proto.v1 import tool_pb2 as pb

PAGE = TOOLS.parent / "docs/ground-truth.md"


@dataclass(frozen=True, slots=True)
class Property:
    """``applies`` says whether a tool can be right or wrong in it; ``else_`` why another one cannot."""

    name: str
    title: str
    means: str
    applies: Callable[[pb.Tool], bool] = lambda _: True
    else_: str = ""


def _has(*units: pb.Unit) -> Callable[[pb.Tool], bool]:
    return lambda tool: any(column.unit in units for stream in tool.streams for column in stream.columns)


def _has_texts(tool: pb.Tool) -> bool:
    return any(
        bool(stream.dynamic) or any(column.type == pb.CTYPE_STRING for column in stream.columns)
        for stream in tool.streams
    )


def _has_folders(tool: pb.Tool) -> bool:
    return any(param.name == "folder" for param in tool.params)


def _has_tasks(tool: pb.Tool) -> bool:
    return _has(pb.UNIT_PID, pb.UNIT_TID)(tool) or pb.FILTER_PID in tool.filters


NO_TASK = "its rows have no process and it has no filters by one"
PROPERTIES = (
    Property("rows", "rows", "a prime number of events is that number of rows, or of hits"),
    Property("values", "values", "every column has the value that the workload knows, in its unit"),
    Property(
        "times",
        "times",
        "times lie between those that the workload's own clock and the kernel give",
        _has(pb.UNIT_NANOSECONDS, pb.UNIT_MICROSECONDS),
        "no column is a time that something took",
    ),
    Property(
        "errno",
        "errors",
        "what fails has the reason that the program got",
        _has(pb.UNIT_ERRNO, pb.UNIT_EXIT_CODE),
        "no column is an error",
    ),
    Property(
        "flags",
        "flags",
        "flags, signals, states and directions are the workload's",
        _has(pb.UNIT_OPEN_FLAGS, pb.UNIT_SIGNAL, pb.UNIT_WORD, pb.UNIT_DIRECTION),
        "no column is one of these",
    ),
    Property("ipv4", "IPv4", "addresses and ports of both ends", _has(pb.UNIT_IP_ADDRESS), "no column is an address"),
    Property("ipv6", "IPv6", "the same, and IPv4 inside IPv6", _has(pb.UNIT_IP_ADDRESS), "no column is an address"),
    Property("threads", "threads", "what each thread of a process does is there", _has_tasks, NO_TASK),
    Property("children", "forks", "processes that are killed right after the event", _has_tasks, NO_TASK),
    Property("namespaces", "pid namespaces", "a process in another one has the host's number", _has_tasks, NO_TASK),
    Property(
        "names",
        "any bytes",
        "names and texts that are not UTF-8",
        lambda tool: _has(pb.UNIT_COMM)(tool) or _has_texts(tool),
        "no column is a name or text that a program chooses",
    ),
    Property("long", "long texts", "whole up to the length stated", _has_texts, "no column is a text of any length"),
    Property("relative", "relative paths", "with the folder in which they start", _has_folders, "no column is a path"),
)

HEAD = """# What proves each tool

Each tool is held against workloads that count what they do, and has to say exactly that. Which test proves what
stands in the tests themselves, as a mark; a test fails where a property means something for a tool and nothing proves
it.
`python -m tests.bpf.truth` writes this page.

"""


def proofs(tool: str, folder: Path = TOOLS) -> dict[str, list[str]]:
    """Property to the tests that are marked with it."""
    found: dict[str, list[str]] = {}
    module = ast.parse((folder / tool / f"test_{tool}.py").read_text())
    for function in module.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            for name in _marks(function):
                found.setdefault(name, []).append(function.name)
    return found


def _marks(function: ast.FunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.proves":
            yield from (ast.literal_eval(name) for name in mark.args)


def text() -> str:
    tools = {name: entry.tool for name, entry in sorted(load_catalog().items())}
    lines = [f"| tool | {' | '.join(one.title for one in PROPERTIES)} |", "| --- |" + " :-: |" * len(PROPERTIES)]
    lines += [
        f"| [{name}](#{name}) | {' | '.join(_cell(name, tool, one) for one in PROPERTIES)} |"
        for name, tool in tools.items()
    ]
    lines += ["", "✓ proved, — means nothing for this tool:", ""]
    lines += [f"- **{one.title}**: {one.means}{f'; —: {one.else_}' if one.else_ else ''}" for one in PROPERTIES]
    for name in tools:
        lines += ["", f"## {name}", "", *_list(name)]
    return HEAD + "\n".join(lines) + "\n"


def _cell(name: str, tool: pb.Tool, one: Property) -> str:
    if one.name in proofs(name):
        return "✓"
    return "**missing**" if one.applies(tool) else "—"


def _list(tool: str) -> list[str]:
    found = proofs(tool)
    proved = [(one.title, found[one.name]) for one in PROPERTIES if one.name in found]
    return [f"- {title}: {', '.join(f'`{name}`' for name in names)}" for title, names in proved]


if __name__ == "__main__":
    PAGE.write_text(text())
