"""The text and the -D switches that BCC gets for one run of a tool.

The text is one piece, because BCC rewrites map calls neither in macros nor in included files: shared headers, the
structs, maps and emit functions that follow from the manifest, then probe.bpf.c. ``#line`` keeps every error at its true place.
Only numbers become switches; no string that a person typed is ever program text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bpf.catalog import SOURCE, CatalogTool, include_files
from bpf.layout import (
    ROW_KINDS,
    Member,
    active_columns,
    key_members,
    row_members,
    string_column,
    struct_dtype,
    value_members,
)
from proto.v1 import agent_pb2
from proto.v1 import tool_pb2 as pb

STACK_TABLES = 3
STACK_ENTRIES = 8192
STACK_TABLE_SHIFT = 16

Values = Mapping[str, int | bool | str]


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
    rate: int = 0,
    present: Iterable[str] = (),
    ring_pages: Mapping[str, int] | None = None,
) -> Program:
    """``rate`` is events per second (0: no limit), ``present`` the optional targets that this kernel has,
    ``ring_pages`` the size of each ring by its map name."""
    pages = ring_pages or {}
    generated = "\n".join(line for stream in entry.tool.streams for line in _stream(entry.tool, stream, values, pages))
    parts = [
        *((path.read_text("utf-8"), f"include/{path.name}") for path in include_files(entry.folder.parent)),
        (_choices(entry.tool) + generated + "\n", "generated.c"),
        (entry.source, f"{entry.folder.name}/{SOURCE}"),
    ]
    text = "".join(f'#line 1 "{name}"\n{part}' for part, name in parts)
    flags = [*_param_flags(entry.tool, values), *_filter_flags(filters), *variant.defines]
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


def stack_tables(stream: pb.Stream) -> list[str]:
    return [f"{stream.name}_stacks_{index}" for index in range(STACK_TABLES)]


def _param_flags(tool: pb.Tool, values: Values) -> Iterator[str]:
    for param in tool.params:
        value = values.get(param.name)
        if param.type == pb.PARAM_TYPE_ENUM:
            value = list(param.choices).index(str(value))
        if isinstance(value, int):
            yield f"{_macro(param)}={int(value)}{'' if abs(value) < 2**31 else 'LL'}"


def _filter_flags(filters: agent_pb2.Filters) -> Iterator[str]:
    for field, value in filters.ListFields():
        yield f"FS_{field.name.upper()}=1" if isinstance(value, str) else f"FS_{field.name.upper()}={value}ULL"


def _macro(param: pb.Param) -> str:
    return param.macro or param.name.upper()


def _choices(tool: pb.Tool) -> str:
    lines = []
    for param in tool.params:
        for index, choice in enumerate(param.choices):
            word = "".join(char if char.isalnum() else "_" for char in choice.upper())
            lines.append(f"#define {_macro(param)}_{word} {index}\n")
    return "".join(lines)


def _stream(tool: pb.Tool, stream: pb.Stream, values: Values, pages: Mapping[str, int]) -> Iterator[str]:
    columns = active_columns(tool, stream, values)
    for column in columns:
        if column.when:
            yield f"#define {stream.name.upper()}_HAS_{column.name.upper()} 1"
    if stream.kind in ROW_KINDS:
        yield from _events(stream, columns, ring_names(tool, stream, values), pages)
    else:
        yield from _aggregate(stream, columns)


def _struct(name: str, members: list[Member]) -> Iterator[str]:
    """The struct and, compiled with it, the proof that it lies in memory as user space reads it."""
    yield f"struct {name} {{"
    yield from (f"    {member.declaration}" for member in members)
    yield "};"
    dtype = struct_dtype(members)
    yield f'_Static_assert(sizeof(struct {name}) == {dtype.itemsize}, "size of {name}");'
    for member in members:
        offset = (dtype.fields or {})[member.name][1]
        yield (
            f"_Static_assert(__builtin_offsetof(struct {name}, {member.name}) == {offset}, "
            f'"offset of {name}.{member.name}");'
        )


def _events(
    stream: pb.Stream, columns: list[pb.Column], rings: Mapping[str, int], pages: Mapping[str, int]
) -> Iterator[str]:
    yield from _struct(stream.name, row_members(columns))
    for ring in rings:
        yield f"BPF_RINGBUF_OUTPUT({ring}, {pages.get(ring, 256)});"
    string = string_column(columns)
    if string is None:
        yield _EMIT_ROW.format(name=stream.name)
        return
    for slot in string.classes:
        yield f"struct {stream.name}_{slot} {{ struct {stream.name} row; char {string.name}[{slot}]; }};"
    for suffix, helper in (("user_str", "bpf_probe_read_user_str"), ("kernel_str", "bpf_probe_read_kernel_str")):
        yield from _emit_string(stream.name, string, suffix, helper)
    for suffix, helper in (("user", "bpf_probe_read_user"), ("kernel", "bpf_probe_read_kernel")):
        yield from _emit_sized(stream.name, string, suffix, helper)


_EMIT_ROW = """\
static __always_inline void {name}_emit(struct {name} *row)
{{
    if (!fs_admit())
        return;
    if ({name}_ring.ringbuf_output(row, sizeof(*row), FS_NO_WAKEUP))
        fs_count(FS_LOST_RING);
}}"""

_RESERVE = """\
    struct {name}_{slot} *r{slot} = {name}_ring_{slot}.ringbuf_reserve(sizeof(*r{slot}));
    if (!r{slot}) {{
        fs_count(FS_LOST_RING);
        return;
    }}
    r{slot}->row = *row;"""

# A string that fills its slot may be longer: the record is given back and the next larger class tried.
_TRY = """\
    n = {helper}(r{slot}->{string}, {slot}, from);
    if (n < {slot} || {last}) {{
        r{slot}->row.{string}_len = n > 0 ? n - 1 : 0;
        {name}_ring_{slot}.ringbuf_submit(r{slot}, FS_NO_WAKEUP);
        return;
    }}
    {name}_ring_{slot}.ringbuf_discard(r{slot}, FS_NO_WAKEUP);"""


def _emit_string(name: str, string: pb.Column, suffix: str, helper: str) -> Iterator[str]:
    """Read a NUL-terminated string straight into the ring."""
    yield f"static __always_inline void {name}_emit_{suffix}(struct {name} *row, const void *from)"
    yield "{\n    long n;\n\n    if (!fs_admit())\n        return;"
    for slot in string.classes:
        names = {"name": name, "slot": slot, "string": string.name, "helper": helper}
        yield _RESERVE.format(**names)
        yield _zero(slot, string.name)
        yield _TRY.format(**names, last=int(slot == string.classes[-1]))
    yield "}"


def _zero(slot: int, string: str) -> str:
    # User space finds equal values of small slots by comparing whole slots, so what lies behind the value must be zero.
    return f"    __builtin_memset(r{slot}->{string}, 0, {slot});" if slot <= ZEROED_SLOT else ""


ZEROED_SLOT = 256

# The barrier keeps clang from proving the bound itself: the verifier must see it checked on the register passed on.
_SIZED = """\
    if (size <= {slot} || {last}) {{
{reserve}
{zero}
        n = size;
        asm volatile("" : "+r"(n));
        if (n > {slot})
            n = {slot};
        if ({helper}(r{slot}->{string}, n, from))
            n = 0;
        r{slot}->row.{string}_len = n;
        {name}_ring_{slot}.ringbuf_submit(r{slot}, FS_NO_WAKEUP);
        return;
    }}"""


def _emit_sized(name: str, string: pb.Column, suffix: str, helper: str) -> Iterator[str]:
    """Read a value of known size; one that is larger than the last class is cut there."""
    yield f"static __always_inline void {name}_emit_{suffix}(struct {name} *row, const void *from, u32 size)"
    yield "{\n    u64 n;\n\n    if (!fs_admit())\n        return;"
    for slot in string.classes:
        names = {"name": name, "slot": slot, "string": string.name, "helper": helper}
        yield _SIZED.format(
            **names,
            last=int(slot == string.classes[-1]),
            reserve=_RESERVE.format(**names),
            zero=_zero(slot, string.name),
        )
    yield "}"


_ADD = """\
static __always_inline void {name}_add(struct {name}_key *key, struct {name}_value *add)
{{
    struct {name}_value zero = {{}}, *sum;

    if (!fs_admit())
        return;
    sum = {name}.lookup_or_try_init(key, &zero);
    if (!sum) {{
        fs_count(FS_LOST_MAP_FULL);
        return;
    }}
{sums}
}}"""

_STACK_ID = """\
static __always_inline s32 {name}_stack(void *ctx, u64 flags)
{{
    s32 id;
{tries}
    return id;
}}"""

# The kernel hashes a stack to one bucket and refuses it when another one lies there: a further table has room.
_STACK_TRY = """\
    id = {table}.get_stackid(ctx, flags);
    if (id != -EEXIST)
        return id < 0 ? id : id + {base};"""


def _aggregate(stream: pb.Stream, columns: list[pb.Column]) -> Iterator[str]:
    name = stream.name
    values = value_members(columns)
    yield from _struct(f"{name}_key", key_members(columns))
    yield from _struct(f"{name}_value", values)
    table = f'BPF_TABLE("percpu_hash", struct {name}_key, struct {name}_value, {name}, {stream.capacity});'
    yield table
    sums = "\n".join(f"    __sync_fetch_and_add(&sum->{m.name}, add->{m.name});" for m in values if not m.count)
    yield _ADD.format(name=name, sums=sums)
    if any(column.type == pb.CTYPE_STACK for column in columns):
        yield from _stacks(stream)


def _stacks(stream: pb.Stream) -> Iterator[str]:
    tries = []
    for index, table in enumerate(stack_tables(stream)):
        yield f"BPF_STACK_TRACE({table}, {STACK_ENTRIES});"
        tries.append(_STACK_TRY.format(table=table, base=index << STACK_TABLE_SHIFT))
    yield _STACK_ID.format(name=stream.name, tries="\n".join(tries))
