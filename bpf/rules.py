"""What a manifest must obey beyond its schema. Each rule yields ``key: why`` for every place that breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from bpf import params
from bpf.containers import COLUMN
from bpf.params import ROW_KINDS
from proto.v1 import tool_pb2 as pb

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
MACRO = re.compile(r"[A-Z][A-Z0-9_]*")
DEFINE = re.compile(r"[A-Z][A-Z0-9_]*(=-?[0-9]+)?")
BROWSER_MAX = 2**53
CATEGORIES = ("files", "processes", "network", "cpu", "memory", "disk", "any")
USER_FUNCTIONS = (pb.PROBE_TYPE_UPROBE, pb.PROBE_TYPE_URETPROBE)
# Stored, queried and exported rows have these beside the tool's own columns.
RESERVED_COLUMNS = ("host", "stream", "row", "_seq", "_row")
# How a row tells its control group, of which user space makes its container.
_GROUP = ("cgroup", pb.CTYPE_U64, pb.ROLE_KEY)

Problems = Iterator[str]


def broken_rules(tool: pb.Tool, folder: str) -> Problems:
    """All problems, in the order in which a person would fix them."""
    rules: list[Callable[[pb.Tool], Iterable[str]]] = [
        _head, _params, _variants, _streams, _columns, _columns_by_kind, _groups, _bytes, _content, _sums, _compare,
        _limits, _numbers,
    ]  # fmt: skip
    if tool.name != folder:
        yield f"tool.name: {tool.name!r} is not the folder's name {folder!r}"
    for rule in rules:
        yield from rule(tool)


def _missing(message: Message, keys: Iterable[str], where: str) -> Problems:
    for key in keys:
        if not getattr(message, key):
            yield f"{where}{key}: missing"


def _names(items: Iterable[pb.Param | pb.Variant | pb.Stream | pb.Column], where: str) -> Problems:
    seen = set()
    for index, item in enumerate(items):
        if not NAME.fullmatch(item.name):
            yield f"{where}[{index}].name: {item.name!r} must be a lower-case word of at most 32 letters, digits and _"
        if item.name in seen:
            yield f"{where}[{index}].name: {item.name!r} is there twice"
        seen.add(item.name)


def _head(tool: pb.Tool) -> Problems:
    yield from _missing(tool, ("name", "title", "summary", "category", "risk", "task", "merge", "overhead"), "tool.")
    if tool.category not in CATEGORIES:
        yield f"tool.category: {tool.category!r} is not one of {', '.join(CATEGORIES)}"
    if "\n" in tool.summary:
        yield "tool.summary: must be one line"
    if tool.filters and tool.task == pb.TASK_MEANING_NONE:
        yield "tool.filters: task is none, so no filter by task can mean anything; remove them"
    of_socket = {pb.FILTER_UID, pb.FILTER_CGROUP}
    if tool.task == pb.TASK_MEANING_SOCKET and not set(tool.filters) <= of_socket:
        yield "tool.filters: of a socket's owner only uid and cgroup are known; remove the others"


def _params(tool: pb.Tool) -> Problems:
    yield from _names(tool.params, "param")
    for param in tool.params:
        where = f"param {param.name}."
        yield from _missing(param, ("type", "help"), where)
        if (param.type == pb.PARAM_TYPE_ENUM) != bool(param.choices):
            yield f"{where}choices: an enum needs them and nothing else may have them"
        if param.macro and not MACRO.fullmatch(param.macro):
            yield f"{where}macro: {param.macro!r} must be upper case"
        yield from _param_default(param, where)


def _param_default(param: pb.Param, where: str) -> Problems:
    if param.required and param.default:
        yield f"{where}default: a required parameter has none"
    needs_value = param.type in (pb.PARAM_TYPE_BOOL, pb.PARAM_TYPE_ENUM)
    if needs_value and not param.default and not param.required:
        yield f"{where}default: missing"
    if param.default:
        try:
            params.parse_value(param, param.default)
        except params.ParamError as error:
            yield f"{where}default: {error.message}"


def _variants(tool: pb.Tool) -> Problems:
    yield from _names(tool.variants, "variant")
    if not tool.variants:
        yield "variant: missing; name at least one way to attach"
    names = {param.name for param in tool.params}
    for variant in tool.variants:
        where = f"variant {variant.name}."
        yield from _missing(variant, ("probes",), where)
        for define in variant.defines:
            if not DEFINE.fullmatch(define):
                yield f"{where}defines: {define!r} must be NAME or NAME=number"
        for probe in variant.probes:
            yield from _probe(probe, names, where)
            for when in filter(None, probe.when.split("|")):
                if when not in _switches(tool):
                    yield f"{where}probe {probe.target}: when: {when!r} is no bool or enum parameter, nor enum=choice"


def _probe(probe: pb.Probe, params_known: set[str], where: str) -> Problems:
    yield from _missing(probe, ("type", "target"), f"{where}probe ")
    if probe.type == pb.PROBE_TYPE_UPROBE_EMULATED:
        yield f"{where}probe {probe.target}: the agent finds out itself what an uprobe stands on; its type is uprobe"
    named = probe.type in (pb.PROBE_TYPE_TRACEPOINT, pb.PROBE_TYPE_RAW_TRACEPOINT) and not probe.target.startswith("$")
    if bool(probe.program) == named:
        yield f"{where}probe {probe.target}: tracepoints name their program themselves, every other probe must name one"
    if probe.target.startswith("$") and probe.target[1:] not in params_known:
        yield f"{where}probe {probe.target}: there is no parameter of that name"
    if probe.mapped and (probe.type not in USER_FUNCTIONS or probe.target.count(":") != 1):
        yield f"{where}probe {probe.target}: only a uprobe or uretprobe LIB:function can be mapped"
    if probe.type == pb.PROBE_TYPE_TRACEPOINT and named and probe.target.count(":") != 1:
        yield f"{where}probe {probe.target}: a tracepoint is written category:event"


def _streams(tool: pb.Tool) -> Problems:
    yield from _names(tool.streams, "stream")
    if not tool.streams:
        yield "stream: missing; name at least one"
    if sum(bool(stream.dynamic) for stream in tool.streams) > 1:
        yield "stream: dynamic: at most one can have columns that are known only at a run's start"
    for stream in tool.streams:
        where = f"stream {stream.name}."
        yield from _missing(stream, ("kind", "title", "columns"), where)
        aggregate = stream.kind not in ROW_KINDS
        if aggregate != bool(stream.capacity):
            yield f"{where}capacity: aggregates need the number of map entries, events have none"
        if aggregate != bool(stream.hits):
            yield f"{where}hits: aggregates name the measure that counts events, events have none"
        if stream.dynamic and aggregate:
            yield f"{where}dynamic: only streams of rows can have columns that are known only at a run's start"
        if stream.hits and stream.hits not in {c.name for c in stream.columns if c.role == pb.ROLE_MEASURE}:
            yield f"{where}hits: {stream.hits!r} is not a measure of the stream"


def _switches(tool: pb.Tool) -> set[str]:
    """What ``when`` may name."""
    kinds = (pb.PARAM_TYPE_BOOL, pb.PARAM_TYPE_ENUM, pb.PARAM_TYPE_ARGUMENTS)
    names = {p.name for p in tool.params if p.type in kinds}
    return names | {f"{p.name}={choice}" for p in tool.params for choice in p.choices}


def _columns(tool: pb.Tool) -> Problems:
    switches = _switches(tool)
    for stream in tool.streams:
        yield from _names(stream.columns, f"stream {stream.name}.column")
        for column in stream.columns:
            where = f"stream {stream.name}.column {column.name}."
            if column.name in RESERVED_COLUMNS:
                yield f"{where}name: Fleetscope adds a column {column.name!r} to every row itself; choose another name"
            yield from _missing(column, ("type", "unit", "role", "sensitivity", "help"), where)
            yield from _column_size(column, where)
            if column.when and column.when not in switches:
                yield f"{where}when: {column.when!r} is not a bool or enum parameter, nor enum=choice"


def _column_size(column: pb.Column, where: str) -> Problems:
    if (column.type == pb.CTYPE_CHAR) != bool(column.size):
        yield f"{where}size: char needs it, nothing else has it"
    if column.unit == pb.UNIT_IP_ADDRESS and column.size != 16:
        yield f"{where}size: an ip_address is a char of 16, IPv4 mapped into IPv6"
    if column.size % 8:
        yield f"{where}size: must be a multiple of 8, so that the record has no holes"
    if column.at_entry and column.type != pb.CTYPE_STACK:
        yield f"{where}at_entry: only a stack can be taken at the entry of a function"
    if (column.type == pb.CTYPE_STRING) != bool(column.classes):
        yield f"{where}classes: string needs them, nothing else has them"
    classes = list(column.classes)
    if classes != sorted(set(classes)) or any(size % 8 or size > 65536 for size in classes):
        yield f"{where}classes: must ascend, be multiples of 8 and at most 65536"


def _columns_by_kind(tool: pb.Tool) -> Problems:
    for stream in tool.streams:
        where = f"stream {stream.name}."
        time = [c for c in stream.columns if c.role == pb.ROLE_TIME]
        if len(time) != 1 or (time[0].name, time[0].type, time[0].unit) != ("time", pb.CTYPE_S64, pb.UNIT_BOOT_TIME):
            yield f"{where}column: exactly one has the role time: name time, type s64, unit boot_time"
        if sum(c.type == pb.CTYPE_STRING for c in stream.columns) > (stream.kind in ROW_KINDS):
            yield f"{where}column: at most one string, and only in events and bytes"
        if (stream.kind == pb.KIND_STACKS) != (sum(c.type == pb.CTYPE_STACK for c in stream.columns) == 1):
            yield f"{where}column: a stream of stacks has exactly one stack, every other kind none"
        if (stream.kind == pb.KIND_HISTOGRAM) != (sum(c.role == pb.ROLE_BUCKET for c in stream.columns) == 1):
            yield f"{where}column: a histogram has exactly one bucket, every other kind none"


def _groups(tool: pb.Tool) -> Problems:
    for stream in tool.streams:
        where = f"stream {stream.name}.column"
        groups = [(c.name, c.type, c.role) for c in stream.columns if c.unit == pb.UNIT_CGROUP]
        if any(c.unit == pb.UNIT_CONTAINER or c.name == COLUMN for c in stream.columns):
            yield f"{where}: Fleetscope makes the column {COLUMN} of the one of unit cgroup; remove it"
        if stream.kind not in ROW_KINDS:
            if groups:
                yield f"{where}: only rows can tell a control group; remove the one of unit cgroup"
        elif groups != [_GROUP] and (groups or tool.task != pb.TASK_MEANING_NONE):
            yield f"{where}: rows tell whose control group it was: name cgroup, type u64, unit cgroup, role key"


def _bytes(tool: pb.Tool) -> Problems:
    """What the views of a stream of bytes stand on."""
    for stream in tool.streams:
        if stream.kind != pb.KIND_BYTES or not stream.columns:
            continue
        where = f"stream {stream.name}.column"
        units = [column.unit for column in stream.columns]
        for unit in (pb.UNIT_DIRECTION, pb.UNIT_BYTES):
            if units.count(unit) != 1:
                yield f"{where}: bytes need one of unit {pb.Unit.Name(unit).removeprefix('UNIT_').lower()}"
        last = stream.columns[-1]
        if (last.type, last.role, last.sensitivity) != (pb.CTYPE_STRING, pb.ROLE_PAYLOAD, pb.SENSITIVITY_CONTENT):
            yield f"{where} {last.name}: the last one of bytes is their string: role payload, sensitivity content"


def _content(tool: pb.Tool) -> Problems:
    for stream in tool.streams:
        for column in stream.columns:
            shown = column.sensitivity == pb.SENSITIVITY_CONTENT and not column.when
            if shown and tool.risk != pb.RISK_S3:
                yield f"tool.risk: must be s3, because column {column.name} of stream {stream.name} shows content"


def _sums(tool: pb.Tool) -> Problems:
    """BPF adds up measures with one atomic instruction, which there is for u64."""
    for stream in tool.streams:
        for column in stream.columns:
            aggregate = stream.kind not in ROW_KINDS
            if aggregate and column.role == pb.ROLE_MEASURE and column.type != pb.CTYPE_U64:
                yield f"stream {stream.name}.column {column.name}.type: a measure of an aggregate must be u64"


def _compare(tool: pb.Tool) -> Problems:
    names = {column.name for stream in tool.streams for column in stream.columns}
    for name in tool.compare:
        if name not in names:
            yield f"tool.compare: there is no column {name!r}"


def _limits(tool: pb.Tool) -> Problems:
    for field in pb.Limits.DESCRIPTOR.fields:
        bound: pb.Bound = getattr(tool.limits, field.name)
        if bound.max and bound.default > bound.max:
            yield f"limits.{field.name}: the default {bound.default} is over the maximum {bound.max}"
    if not tool.limits.budget_permille.default:
        yield "limits.budget_permille: missing; a tool has a default budget (30 is 3% of a host's CPU)"


def _numbers(tool: pb.Tool) -> Problems:
    numbers = [(f"param {p.name}", value) for p in tool.params for value in (p.min, p.max)]
    for field in pb.Limits.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            numbers.append((f"limits.{field.name}", getattr(tool.limits, field.name).max))
    for where, number in numbers:
        if abs(number) > BROWSER_MAX:
            yield f"{where}: {number} is over 2^53, which a browser cannot hold exactly"
