"""The streams of one run: their schema as it is really sent, and a reader for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.kernel.group_names import GroupNames
from agent.kernel.symbols import Symbols
from agent.runner.attach import Attachment, Request
from agent.runner.readers import Reader
from agent.runner.readers.aggregate import SECOND, AggregateReader, AggregateSource
from agent.runner.readers.events import EventsReader, RingSource
from agent.runner.readers.stacks import StackResolver
from agent.runner.syscalls import syscall_name
from bpf.dynamic import RawField, without_raw
from bpf.emitters import stack_tables
from bpf.layout import active_columns
from bpf.params import ROW_KINDS
from bpf.program import ring_names
from proto.columnar import arrow_schema, schema_message
from proto.v1 import stream_pb2, tool_pb2


def run_schema(request: Request, variant: tool_pb2.Variant) -> stream_pb2.RunSchema:
    tool = request.entry.tool
    schema = stream_pb2.RunSchema(
        tool=tool.name, tool_digest=request.entry.digest, variant=variant.name, loses=variant.loses
    )
    for stream in tool.streams:
        columns = without_raw(active_columns(tool, stream, request.values))
        columns += [field.column for field in _fields(request, stream)]
        schema.streams.add(
            name=stream.name,
            kind=stream.kind,
            title=stream.title,
            columns=columns,
            arrow_schema=schema_message(arrow_schema(columns)),
            hits=stream.hits,
        )
    return schema


def open_readers(request: Request, held: Attachment) -> list[Reader]:
    streams = request.entry.tool.streams
    return [_reader(index, stream, request, held) for index, stream in enumerate(streams)]


def _reader(index: int, stream: tool_pb2.Stream, request: Request, held: Attachment) -> Reader:
    columns = active_columns(request.entry.tool, stream, request.values)
    names = _names(columns, request, held)
    if stream.kind in ROW_KINDS:
        rings = [
            RingSource(held.maps[name], held.ring_bytes[name])
            for name in ring_names(request.entry.tool, stream, request.values)
        ]
        return EventsReader(index, columns, rings, names, _fields(request, stream), GroupNames().container)
    source = AggregateSource(held.maps[stream.name], stream.capacity, _interval(request))
    stacks = None
    if stream.kind == tool_pb2.KIND_STACKS:
        tables = [held.maps[name] for name in stack_tables(stream)]
        stacks = StackResolver(tables, _symbols(request).frames).column
    return AggregateReader(index, columns, source, names, stacks)


def _fields(request: Request, stream: tool_pb2.Stream) -> Sequence[RawField]:
    return request.resolved.fields if request.resolved and stream.dynamic else ()


def _symbols(request: Request) -> Symbols:
    symbols = Symbols()
    if request.filters.pid:
        symbols.prepare(request.filters.pid)
    return symbols


def _interval(request: Request) -> int:
    """A tool may let people choose it with a duration parameter of this name."""
    return int(request.values.get("interval", SECOND))


def _names(columns: list[tool_pb2.Column], request: Request, held: Attachment) -> Callable[[int], str]:
    if any(column.unit == tool_pb2.UNIT_TERMINAL for column in columns):
        return lambda _: str(request.values["terminal"])
    if any(column.unit == tool_pb2.UNIT_SYSCALL for column in columns):
        return syscall_name
    return lambda index: held.functions[index].name
