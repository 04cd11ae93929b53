"""How a run of `uprobe` or `usdt` gets at the values of a call: as tables for one fixed program, and as columns."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from agent.kernel import operands
from agent.kernel.functions import Function, find_functions
from agent.kernel.modules import file_identity
from agent.kernel.operands import NOTHING, Operand
from agent.kernel.usdt import Site, UsdtError, find_sites, operands_of
from agent.runner.attach import AttachError, Request
from agent.runner.found_targets import TargetError
from agent.runner.resolved import Resolved
from agent.runner.user_functions import ANYWHERE
from bpf.arguments import (
    READ_SUFFIX,
    RETURNED,
    Argument,
    ArgumentError,
    check_together,
    parse_arguments,
    parse_returned,
)
from bpf.dynamic import Place, RawField
from proto.v1 import tool_pb2 as pb

_WORD = 8
_TEXT = struct.Struct("=IBBBx")  # struct fs_text of bpf/include/arguments.h
_NO_LENGTH = 0xFF
_SMALL, _MIDDLE = 64, 512
_LEAST_SLOT = 128
_READ_STATES = ("whole", "cut", "not in memory", "NULL")

_COLUMN_TYPES = {
    (1, False): pb.CTYPE_U8,
    (2, False): pb.CTYPE_U16,
    (4, False): pb.CTYPE_U32,
    (8, False): pb.CTYPE_U64,
    (8, True): pb.CTYPE_S64,
}


@dataclass(frozen=True, slots=True)
class Call:
    """``arguments`` are read when the call begins, but their memory when it ends if something of its end is wanted."""

    arguments: Sequence[Argument]
    returned: Argument | None
    latency: bool

    @property
    def at_end(self) -> bool:
        return self.returned is not None or self.latency

    @property
    def words(self) -> list[Argument]:
        """In the order of the program's numbers: the value returned comes last."""
        return [*self.arguments, *([self.returned] if self.returned else [])]


def resolve_uprobe(request: Request, taken: Sequence[str]) -> Resolved:
    """Raises AttachError."""
    call = _asked(request, taken)
    table = [operands.call_argument(item.position, item.size, signed=item.signed) for item in call.arguments]
    if call.returned:
        table.append(operands.returned_value(call.returned.size, signed=call.returned.signed))
    return _resolved(call, [table], ())


def resolve_usdt(request: Request, taken: Sequence[str]) -> Resolved:
    """Raises AttachError."""
    if request.trial:  # not every host has a program with probes; any place in any code shows whether they can be had
        return _resolved(Call((), None, latency=False), [()], find_functions(ANYWHERE, request.filters.pid or -1))
    try:
        sites = _sites(request)
        tables = [operands_of(site) for site in sites]
    except (UsdtError, TargetError) as error:
        raise AttachError(str(error)) from error
    call = Call(_probe_arguments(request, taken, sites, tables), None, latency=False)
    chosen = [[_at(table, item.position) for item in call.arguments] for table in tables]
    functions = [
        Function(site.probe, site.module.path, site.offset, site.semaphore, site.module.name) for site in sites
    ]
    return _resolved(call, chosen, functions)


def _sites(request: Request) -> list[Site]:
    """As the run's targets have them, every place in a file once. Raises UsdtError."""
    found: dict[Hashable, Site] = {}
    for site in find_sites(str(request.values["probe"]), *request.targets.pids(request.filters)):
        found.setdefault((file_identity(site.module.path), site.offset), site)
    return list(found.values())


def _asked(request: Request, taken: Sequence[str]) -> Call:
    values = request.values
    try:
        arguments = parse_arguments(str(values.get("args", "")))
        returned = parse_returned(str(values["ret"])) if values.get("ret") else None
        check_together(arguments, returned, taken)
    except ArgumentError as error:
        raise AttachError(str(error)) from error
    return Call(arguments, returned, bool(values.get("latency")))


def _probe_arguments(
    request: Request, taken: Sequence[str], sites: Sequence[Site], tables: Sequence[Sequence[Operand]]
) -> Sequence[Argument]:
    """Those that were asked for, else all as the probes themselves type them."""
    asked = _asked(request, taken).arguments
    most = max(len(table) for table in tables)
    for argument in asked:
        if argument.position > most:
            raise AttachError(f"{sites[0].probe} has {most} arguments, so there is none for {argument.name}")
    if str(request.values.get("args", "")).strip():
        return asked
    return [_typed(position, column) for position, column in enumerate(zip_longest(*tables), 1)]


def _typed(position: int, found: Sequence[Operand | None]) -> Argument:
    """Of one argument at all places of the probes: as wide as the widest."""
    known = [operand for operand in found if operand]
    size, signed = max(operand.size for operand in known), any(operand.signed for operand in known)
    return Argument(position, f"arg{position}", f"{'s' if signed else 'u'}{8 * size}", size, signed)


def _at(table: Sequence[Operand], position: int) -> Operand:
    return table[position - 1] if position <= len(table) else NOTHING


def _resolved(call: Call, tables: Sequence[Sequence[Operand]], functions: Sequence[Function]) -> Resolved:
    words = call.words
    texts = [argument for argument in words if argument.is_text]
    count = max(len(words), 1)  # an array of nothing is no array
    packed = [operand.packed() for table in tables for operand in (table or [NOTHING])]
    defines = [f"FS_ARGS={count}", f"FS_TEXTS={len(texts)}", f"FS_SITES={len(tables)}"]
    defines += [f"FS_AT_ENTRY={len(call.arguments)}", *(["FS_AT_END=1"] if call.at_end else [])]
    maps = {"fs_operands": packed}
    if texts:
        maps["fs_texts"] = [_text(argument, words) for argument in texts]
    return Resolved(_fields(words, count), _classes(count, texts), defines, maps, functions)


def _text(argument: Argument, words: Sequence[Argument]) -> bytes:
    names = [word.name if word.position else RETURNED for word in words]
    length = names.index(argument.length) if argument.length else _NO_LENGTH
    return _TEXT.pack(argument.most, words.index(argument), length, argument.type == "str")


def _classes(count: int, texts: Sequence[Argument]) -> list[int]:
    """Slots in which every text has a small, a middle, or as large a part as it can need."""
    head = _WORD * count + _WORD * len(texts)
    if not texts:
        return [head]
    largest = -(-(max(argument.most for argument in texts) + 2) // _WORD) * _WORD
    parts = sorted({min(part, largest) for part in (_SMALL, _MIDDLE, largest)})
    slots = [head + len(texts) * part for part in parts]
    return sorted({max(slot, _LEAST_SLOT) for slot in slots})


def _fields(words: Sequence[Argument], count: int) -> list[RawField]:
    fields, texts = [], 0
    for index, argument in enumerate(words):
        if argument.is_text:
            fields += _text_fields(argument, _WORD * count + _WORD * texts)
            texts += 1
        else:
            fields.append(RawField(_number(argument), _WORD * index, argument.size, argument.signed))
    return fields


def _number(argument: Argument) -> pb.Column:
    wide = (8, True) if argument.size == 8 and argument.signed else (argument.size, False)
    address = argument.type == "hex"
    return pb.Column(
        name=argument.name,
        type=pb.CTYPE_S32 if argument.signed and argument.size < _WORD else _COLUMN_TYPES[wide],
        unit=pb.UNIT_ADDRESS if address else pb.UNIT_NONE,
        role=pb.ROLE_KEY if address else pb.ROLE_MEASURE,
        sensitivity=pb.SENSITIVITY_PUBLIC,
        help=_help(argument, f"as {argument.type}"),
    )


def _text_fields(argument: Argument, at: int) -> list[RawField]:
    """The bytes, and how they were read."""
    text = pb.Column(
        name=argument.name,
        type=pb.CTYPE_STRING,
        unit=pb.UNIT_NONE,
        role=pb.ROLE_TEXT if argument.type == "str" else pb.ROLE_PAYLOAD,
        sensitivity=pb.SENSITIVITY_CONTENT,
        help=_help(argument, f"{'the string' if argument.type == 'str' else 'the bytes'} there, up to {argument.most}"),
    )
    state = pb.Column(
        name=argument.name + READ_SUFFIX,
        type=pb.CTYPE_U32,
        unit=pb.UNIT_NONE,
        role=pb.ROLE_KEY,
        sensitivity=pb.SENSITIVITY_PUBLIC,
        help=f"Whether {argument.name} was read whole, or what kept it from that",
        symbols=[pb.Symbol(value=value, name=name) for value, name in enumerate(_READ_STATES)],
    )
    return [RawField(text, at, 4, place=Place.LOCATED), RawField(state, at + 4, 4)]


def _help(argument: Argument, what: str) -> str:
    return f"Argument {argument.position}, {what}" if argument.position else f"What the function returned, {what}"
