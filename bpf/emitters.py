"""The C that a stream brings with it: its structs, its rings or map, and the functions by which a probe fills them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bpf.layout import Member, key_members, row_members, string_column, struct_dtype, value_members
from proto.v1 import tool_pb2 as pb

ZEROED_SLOT = 256
STACK_TABLES = 3
STACK_ENTRIES = 8192
STACK_TABLE_SHIFT = 16
# From this index on fs_counters says of each size class how many of its records found no room.
RING_FULL, RING_FULL_CLASSES = 11, 3

_READERS = {
    "user_str": "bpf_probe_read_user_str",
    "kernel_str": "bpf_probe_read_kernel_str",
    "user": "bpf_probe_read_user",
    "kernel": "bpf_probe_read_kernel",
}


def stack_tables(stream: pb.Stream) -> list[str]:
    return [f"{stream.name}_stacks_{index}" for index in range(STACK_TABLES)]


def _struct(name: str, members: list[Member]) -> Iterator[str]:
    """The struct and, compiled with it, the proof that it lies in memory as user space reads it."""
    yield f"struct {name} {{"
    yield from (f"    {member.declaration}" for member in members)
    yield "};"
    dtype = struct_dtype(members)
    offsets: Mapping[str, Any] = dtype.fields or {}
    yield f'_Static_assert(sizeof(struct {name}) == {dtype.itemsize}, "size of {name}");'
    for member in members:
        offset = offsets[member.name][1]
        yield (
            f"_Static_assert(__builtin_offsetof(struct {name}, {member.name}) == {offset}, "
            f'"offset of {name}.{member.name}");'
        )


def event_stream(stream: pb.Stream, columns: list[pb.Column], rings: Mapping[str, int], source: str) -> Iterator[str]:
    """``rings``: pages of each ring by name. Only the emit functions that the probe's source names are generated: each
    one costs a twentieth of a second of compiling."""
    yield from _struct(stream.name, row_members(columns))
    for ring, pages in rings.items():
        yield f"BPF_RINGBUF_OUTPUT({ring}, {pages});"
    string = string_column(columns)
    if string is None:
        yield _EMIT_ROW.format(name=stream.name, full=RING_FULL)
        return
    for slot in string.classes:
        yield f"struct {stream.name}_{slot} {{ struct {stream.name} row; char {string.name}[{slot}]; }};"
    for suffix, helper in _READERS.items():
        if f"{stream.name}_emit_{suffix}(" in source:
            emitter = _emit_string if suffix.endswith("_str") else _emit_sized
            yield from emitter(stream.name, string, suffix, helper)
    if f"{stream.name}_emit_filled(" in source:
        yield from _emit_filled(stream.name, string)


_EMIT_ROW = """\
static __always_inline void {name}_emit(struct {name} *row)
{{
    if (!fs_admit())
        return;
    if ({name}_ring.ringbuf_output(row, sizeof(*row), FS_NO_WAKEUP)) {{
        fs_count(FS_LOST_RING);
        fs_count({full});
    }}
}}"""

_RESERVE = """\
    struct {name}_{slot} *r{slot} = {name}_ring_{slot}.ringbuf_reserve(sizeof(*r{slot}));
    if (!r{slot}) {{
        fs_count(FS_LOST_RING);
        fs_count({full});
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
    for number, slot in enumerate(string.classes):
        full = RING_FULL + min(number, RING_FULL_CLASSES - 1)
        names = {"name": name, "slot": slot, "string": string.name, "helper": helper, "full": full}
        yield _RESERVE.format(**names)
        yield _zero(slot, string.name)
        yield _TRY.format(**names, last=int(slot == string.classes[-1]))
    yield "}"


def _zero(slot: int, string: str) -> str:
    # User space finds equal values of small slots by comparing whole slots, so what lies behind the value must be zero.
    return f"    __builtin_memset(r{slot}->{string}, 0, {slot});" if slot <= ZEROED_SLOT else ""


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
    for number, slot in enumerate(string.classes):
        full = RING_FULL + min(number, RING_FULL_CLASSES - 1)
        names = {"name": name, "slot": slot, "string": string.name, "helper": helper, "full": full}
        yield _SIZED.format(
            **names,
            last=int(slot == string.classes[-1]),
            reserve=_RESERVE.format(**names),
            zero=_zero(slot, string.name),
        )
    yield "}"


# fs_fill() of include/arguments.h knows what it will write only when it has written it.
_FILL = """\
{reserve}
    n = fs_fill(r{slot}->{string}, {slot}, from);
    if (n >= 0) {{
        r{slot}->row.{string}_len = n;
        {name}_ring_{slot}.ringbuf_submit(r{slot}, FS_NO_WAKEUP);
        return;
    }}
    {name}_ring_{slot}.ringbuf_discard(r{slot}, FS_NO_WAKEUP);"""


def _emit_filled(name: str, string: pb.Column) -> Iterator[str]:
    """Fill the smallest slot that takes it all; the last one takes whatever there can be."""
    yield f"static __always_inline void {name}_emit_filled(struct {name} *row, const u64 *from)"
    yield "{\n    long n;\n\n    if (!fs_admit())\n        return;"
    for number, slot in enumerate(string.classes):
        full = RING_FULL + min(number, RING_FULL_CLASSES - 1)
        names = {"name": name, "slot": slot, "string": string.name, "full": full}
        yield _FILL.format(**names, reserve=_RESERVE.format(**names))
    yield "    fs_count(FS_LOST_RING);\n}"


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


def aggregate_stream(stream: pb.Stream, columns: list[pb.Column]) -> Iterator[str]:
    name = stream.name
    values = value_members(columns)
    yield from _struct(f"{name}_key", key_members(columns))
    yield from _struct(f"{name}_value", values)
    table = f'BPF_TABLE("percpu_hash", struct {name}_key, struct {name}_value, {name}, {stream.capacity});'
    yield table
    # Without the question the compiler makes an atomic OR of a zero that it knows, which kernels before 5.12 refuse.
    sums = "\n".join(
        f"    if (add->{m.name})\n        __sync_fetch_and_add(&sum->{m.name}, add->{m.name});"
        for m in values
        if not m.count
    )
    yield _ADD.format(name=name, sums=sums)
    if any(column.type == pb.CTYPE_STACK for column in columns):
        yield from _stacks(stream)


def _stacks(stream: pb.Stream) -> Iterator[str]:
    tries = []
    for index, table in enumerate(stack_tables(stream)):
        yield f"BPF_STACK_TRACE({table}, {STACK_ENTRIES});"
        tries.append(_STACK_TRY.format(table=table, base=index << STACK_TABLE_SHIFT))
    yield _STACK_ID.format(name=stream.name, tries="\n".join(tries))
