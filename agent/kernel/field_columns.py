"""The columns that a tracepoint's fields become: type, unit, and how much they give away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.kernel.tracepoints import Field
from bpf.dynamic import Place, RawField
from proto.v1 import tool_pb2 as pb

BASE = 8  # the first bytes of a record belong to BPF
ELEMENTS_MAX = 16
_SYSCALLS = "syscalls"
_COLUMN_NAME_MAX = 60
_BYTES = ("u8", "__u8", "uint8_t", "unsigned char", "s8", "__s8", "int8_t")
_ADDRESSES = ("saddr", "daddr", "saddr_v6", "daddr_v6")
_ADDRESS_SIZES = (4, 16)
_NUMBER_SIZES = (1, 2, 4, 8)
_TYPES = {
    (1, False): pb.CTYPE_U8,
    (2, False): pb.CTYPE_U16,
    (4, False): pb.CTYPE_U32,
    (8, False): pb.CTYPE_U64,
    (1, True): pb.CTYPE_S32,
    (2, True): pb.CTYPE_S32,
    (4, True): pb.CTYPE_S32,
    (8, True): pb.CTYPE_S64,
}
# A system call's argument fills a register whatever its type; only as much of it as the type has means something.
_ARGUMENTS = {
    **dict.fromkeys(("int", "pid_t", "key_t", "mqd_t", "timer_t", "clockid_t", "key_serial_t", "rwf_t"), (4, True)),
    **dict.fromkeys(("unsigned", "unsigned int", "uint", "uid_t", "gid_t", "qid_t", "u32", "__u32"), (4, False)),
    **dict.fromkeys(("umode_t", "u16", "__u16"), (2, False)),
    **dict.fromkeys(("long", "loff_t", "off_t", "__s64", "s64"), (8, True)),
}
_ELEMENT_SIZES = {
    **dict.fromkeys(("unsigned long", "long", "u64", "__u64", "s64", "uint64_t", "int64_t", "unsigned long long"), 8),
    **dict.fromkeys(("unsigned int", "int", "u32", "__u32", "s32", "uint32_t", "int32_t", "unsigned"), 4),
    **dict.fromkeys(("unsigned short", "short", "u16", "__u16", "uint16_t"), 2),
}
_UNITS = {"pid_t": pb.UNIT_PID, "uid_t": pb.UNIT_UID}
_NAMED_UNITS = {"sig": pb.UNIT_SIGNAL, "filename": pb.UNIT_FILE_PATH, "pathname": pb.UNIT_FILE_PATH}


def is_text(field: Field) -> bool:
    """Characters, of fixed or any length."""
    return field.array and field.c_type.removeprefix("const ") == "char"


def is_program_name(field: Field) -> bool:
    """What task->comm holds, which every tool shows."""
    return is_text(field) and field.name.endswith("comm")


def is_pointer(field: Field) -> bool:
    return "*" in field.c_type and not field.array and field.size == 8


def is_number(field: Field) -> bool:
    return field.place is Place.HERE and not field.array and field.size in _NUMBER_SIZES


def number_shape(field: Field, category: str) -> tuple[int, bool]:
    """Bytes and signedness of a number."""
    if category == _SYSCALLS and field.size == 8:
        return _ARGUMENTS.get(field.c_type.removeprefix("const "), (8, field.signed))
    return field.size, field.signed


def shape(field: Field) -> str:
    """What people can do with it: a number or pointer compares with numbers, a text with texts, bytes with nothing."""
    if is_number(field):
        return "pointer" if is_pointer(field) else "number"
    return "text" if is_text(field) else "bytes"


def type_text(field: Field) -> str:
    """As C writes it."""
    array = f"[{field.size if is_text(field) and field.place is Place.HERE else ''}]" if field.array else ""
    return f"{field.c_type}{array}"


def field_risk(field: Field, category: str) -> pb.Risk:
    """Of showing it, or of comparing with it."""
    if is_number(field):
        # Where things lie in the kernel helps to attack it.
        return pb.RISK_S2 if is_pointer(field) and category != _SYSCALLS else pb.RISK_S1
    if is_program_name(field) or _is_address(field) or _elements(field):
        return pb.RISK_S1
    return pb.RISK_S3


def raw_fields(field: Field, category: str, taken: Iterable[str]) -> Iterator[RawField]:
    """``taken``: names that columns have already."""
    if count := _elements(field):
        size = field.size // count
        for index in range(count):
            name = f"{field.name}_{index}"
            column = _number_column(name, field, size, field.signed, taken)
            yield RawField(column, field.offset - BASE + index * size, size, field.signed)
        return
    offset = field.offset - BASE
    if is_number(field):
        size, signed = number_shape(field, category)
        yield RawField(_number_column(field.name, field, size, signed, taken), offset, size, signed)
    else:
        yield RawField(_bytes_column(field, taken), offset, field.size, place=field.place, base=BASE)


def column_name(name: str, taken: Iterable[str]) -> str:
    short = name[:_COLUMN_NAME_MAX]
    return f"field_{short}" if short in taken else short


def _is_address(field: Field) -> bool:
    return field.array and field.c_type in _BYTES and field.size in _ADDRESS_SIZES and field.name in _ADDRESSES


def _elements(field: Field) -> int:
    """How many columns an array of numbers becomes; 0: it is none, or too long."""
    size = _ELEMENT_SIZES.get(field.c_type.removeprefix("const "), 0)
    if not field.array or field.place is not Place.HERE or not size or field.size % size:
        return 0
    return count if (count := field.size // size) <= ELEMENTS_MAX else 0


def _number_column(name: str, field: Field, size: int, signed: bool, taken: Iterable[str]) -> pb.Column:  # noqa: FBT001
    pointer = is_pointer(field)
    unit = _NAMED_UNITS.get(name) or _UNITS.get(field.c_type, pb.UNIT_ADDRESS if pointer else pb.UNIT_NONE)
    named = bool(field.symbols.names) or unit != pb.UNIT_NONE
    return pb.Column(
        name=column_name(name, taken),
        type=_TYPES[size, signed],
        unit=unit,
        role=pb.ROLE_KEY if named else pb.ROLE_MEASURE,
        sensitivity=pb.SENSITIVITY_PUBLIC,
        help=_help(field),
        symbols=[pb.Symbol(value=_as_signed(value), name=text) for value, text in field.symbols.names],
        flags=field.symbols.flags,
    )


def _bytes_column(field: Field, taken: Iterable[str]) -> pb.Column:
    text, address = is_text(field), _is_address(field)
    unit = pb.UNIT_HEX if not text else _NAMED_UNITS.get(field.name, pb.UNIT_NONE)
    if is_program_name(field) or address:
        unit = pb.UNIT_IP_ADDRESS if address else pb.UNIT_COMM
    fixed = field.place is Place.HERE
    harmless = is_program_name(field) or address
    return pb.Column(
        name=column_name(field.name, taken),
        type=pb.CTYPE_CHAR if fixed else pb.CTYPE_STRING,
        size=field.size if fixed else 0,
        unit=unit,
        role=pb.ROLE_KEY if harmless else pb.ROLE_TEXT,
        sensitivity=pb.SENSITIVITY_PUBLIC if harmless else pb.SENSITIVITY_CONTENT,
        help=_help(field),
    )


def _help(field: Field) -> str:
    return f"Field {field.name} of the tracepoint: {type_text(field)}"


def _as_signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
