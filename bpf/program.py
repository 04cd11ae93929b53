"""The text and the -D switches that BCC gets for one run of a tool.

The text is one piece, because BCC rewrites map calls neither in macros nor in included files: shared headers, the
structs, maps and emit functions that follow from the manifest, then probe.bpf.c. ``#line`` keeps every error at its
true place. Only numbers become switches; no string that a person typed is ever program text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bpf.catalog import SOURCE, CatalogTool, include_files
from bpf.emitters import aggregate_stream, event_stream
from bpf.layout import active_columns, row_members, string_column, struct_dtype
from bpf.params import ROW_KINDS
from proto.v1 import agent_pb2
from proto.v1 import tool_pb2 as pb

DEFAULT_PAGES = 256

Values = Mapping[str, int | bool | str]

# Bits by which the probes know which filter named a control group; bit 0 is an exclusion.
GROUP_FILTERS = {"container": 2, "pod": 4, "unit": 8, "cgroup": 16}
GROUP_EXCLUDED = 1


@dataclass(frozen=True, slots=True)
class Groups:
    """Where the control groups lie that a run's filters name: ``levels`` below the root of cgroup v2, and the kernel's
    constant for the ``controller`` whose v1 hierarchy has the others."""

    levels: frozenset[int] = frozenset()
    controller: str = ""


NO_GROUPS = Groups()


@dataclass(frozen=True, slots=True)
class Program:
    text: str
    cflags: list[str]


def build_program(
    entry: CatalogTool,
    variant: pb.Variant,
    values: Values,
    filters: agent_pb2.Filters,
    *,
    groups: Groups = NO_GROUPS,
    rate: int = 0,
    present: Iterable[str] = (),
    ring_pages: Mapping[str, int] | None = None,
    defines: Iterable[str] = (),
) -> Program:
    """``rate`` is events per second (0: no limit), ``present`` the optional targets that this kernel has,
    ``ring_pages`` the size of each ring by its map name, ``defines`` numbers that only the host knows."""
    pages = ring_pages or {}
    generated = "\n".join(line for stream in entry.tool.streams for line in _stream(entry, stream, values, pages))
    parts = [
        *((path.read_text("utf-8"), f"include/{path.name}") for path in include_files(entry.folder.parent)),
        (_choices(entry.tool) + generated + "\n", "generated.c"),
        (entry.source, f"{entry.folder.name}/{SOURCE}"),
    ]
    text = "".join(f'#line 1 "{name}"\n{part}' for part, name in parts)
    flags = [*_param_flags(entry.tool, values), *_filter_flags(filters), *_group_flags(filters, groups)]
    flags += [*variant.defines, *defines]
    flags += [f"HAS_{target.rpartition(':')[2].upper()}=1" for target in present]
    flags += [f"FS_RATE={rate}ULL"] if rate else []
    return Program(text, [f"-D{flag}" for flag in flags])


def ring_names(tool: pb.Tool, stream: pb.Stream, values: Values) -> dict[str, int]:
    """Map name of each ring of an event stream and the size of its records in bytes, smallest first."""
    columns = active_columns(tool, stream, values)
    size = struct_dtype(row_members(columns)).itemsize
    string = string_column(columns)
    if string is None:
        return {f"{stream.name}_ring": size}
    return {f"{stream.name}_ring_{slot}": size + slot for slot in string.classes}


def _param_flags(tool: pb.Tool, values: Values) -> Iterator[str]:
    for param in tool.params:
        value = values.get(param.name)
        if param.type == pb.PARAM_TYPE_ENUM:
            value = list(param.choices).index(str(value))
        if isinstance(value, int):
            yield f"{_macro(param)}={int(value)}{'' if abs(value) < 2**31 else 'LL'}"


def _filter_flags(filters: agent_pb2.Filters) -> Iterator[str]:
    if any(field.name != "exclude" for field, _ in filters.ListFields()):
        yield "FS_WANTED=1"
    for name in ("pid", "tid", "uid", "ppid"):
        if filters.HasField(name):
            yield f"FS_{name.upper()}={getattr(filters, name)}ULL"
    if filters.HasField("comm"):
        yield "FS_COMM=1"
    if filters.follow:
        yield "FS_FOLLOW=1"
    for name in ("tid", "uid", "ppid", "comm"):
        if getattr(filters.exclude, name):
            yield f"FS_NOT_{name.upper()}=1"
    one_process = filters.HasField("tid") or (filters.HasField("pid") and not filters.follow)
    if not one_process or filters.exclude.pid:
        yield "FS_SKIPS=1"


def _group_flags(filters: agent_pb2.Filters, groups: Groups) -> Iterator[str]:
    if not groups.levels and not groups.controller:
        return
    yield f"FS_GROUPS={sum(bit for name, bit in GROUP_FILTERS.items() if filters.HasField(name))}"
    if groups.levels:
        yield f"FS_GROUP_LEVELS={' '.join(f'FS_LEVEL({level})' for level in sorted(groups.levels))}"
    if groups.controller:
        yield f"FS_GROUP_CONTROLLER={groups.controller}"


def _macro(param: pb.Param) -> str:
    return param.macro or param.name.upper()


def _choices(tool: pb.Tool) -> str:
    lines = []
    for param in tool.params:
        for index, choice in enumerate(param.choices):
            word = "".join(char if char.isalnum() else "_" for char in choice.upper())
            lines.append(f"#define {_macro(param)}_{word} {index}\n")
    return "".join(lines)


def _stream(entry: CatalogTool, stream: pb.Stream, values: Values, pages: Mapping[str, int]) -> Iterator[str]:
    columns = active_columns(entry.tool, stream, values)
    for column in columns:
        if column.when:
            yield f"#define {stream.name.upper()}_HAS_{column.name.upper()} 1"
    if stream.kind in ROW_KINDS:
        rings = {name: pages.get(name, DEFAULT_PAGES) for name in ring_names(entry.tool, stream, values)}
        yield from event_stream(stream, columns, rings, entry.source)
    else:
        yield from aggregate_stream(stream, columns)
