"""Operands of x86-64 as GNU's assembler writes them, as numbers with which one fixed program gets at their values."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

NO_REGISTER = 0xFF
OPERAND = struct.Struct("=qBBBBBBxx")  # struct fs_operand of bpf/include/arguments.h

# Bytes into struct pt_regs (arch/x86/include/asm/ptrace.h), by the register's 64-bit name.
_ORDER = (
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", "orig_rax",
    "rip", "cs", "flags", "rsp",
)  # fmt: skip
_PLACES = {name: index * 8 for index, name in enumerate(_ORDER)}
_CALL = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")  # System V ABI: the first six arguments
_WORD = 8

_IMMEDIATE = re.compile(r"\$(-?(?:0x[0-9a-f]+|\d+))")
_REGISTER = re.compile(r"%(\w+)")
_MEMORY = re.compile(r"([^(%]*)\((?:%(\w+))?(?:,%(\w+)(?:,([1248]))?)?\)")
_SYMBOL = re.compile(r"(-?\d+)?\+?([A-Za-z_.$][\w.$]*)([+-]\d+)?")

Symbols = Callable[[str], int | None]


class OperandError(ValueError):
    """An argument that cannot be read. The text names it and says why."""


@dataclass(frozen=True, slots=True)
class Operand:
    """The value is ``number`` + base + index * scale, or with ``load`` what lies in memory there, of ``size`` bytes.
    Registers are bytes into pt_regs."""

    size: int
    signed: bool
    number: int = 0
    base: int = NO_REGISTER
    index: int = NO_REGISTER
    scale: int = 1
    load: bool = False
    lowest: int = 0

    def packed(self) -> bytes:
        number = (self.number + 2**63) % 2**64 - 2**63
        return OPERAND.pack(
            number, self.base, self.index, self.scale.bit_length() - 1, self.size if self.load else 0,
            64 - 8 * self.size, self.lowest * 2 + self.signed,
        )  # fmt: skip


NOTHING = Operand(8, signed=False)


def call_argument(position: int, size: int, *, signed: bool) -> Operand:
    """Of a function that has just been entered; from the seventh on they are on the stack, above the return address."""
    if position <= len(_CALL):
        return Operand(size, signed, base=_PLACES[_CALL[position - 1]])
    return Operand(size, signed, number=(position - len(_CALL)) * _WORD, base=_PLACES["rsp"], load=True)


def returned_value(size: int, *, signed: bool) -> Operand:
    return Operand(size, signed, base=_PLACES["rax"])


def parse_operand(text: str, address: int, symbols: Symbols) -> Operand:
    """Of ``size@operand``; ``address``: of the instruction, ``symbols``: addresses by name. Raises OperandError."""
    size_text, _, operand = text.partition("@")
    if size_text.endswith("f"):
        raise OperandError(f"{text} is a floating-point number; those cannot be read")
    size, signed = abs(int(size_text)), size_text.startswith("-")
    if size not in (1, 2, 4, 8):
        raise OperandError(f"{text} has {size} bytes; only 1, 2, 4 and 8 can be read")
    if match := _IMMEDIATE.fullmatch(operand):
        return Operand(size, signed, number=int(match[1], 0))
    if match := _REGISTER.fullmatch(operand):
        place, lowest = _register(match[1], text)
        return Operand(size, signed, base=place, lowest=lowest)
    if match := _MEMORY.fullmatch(operand):
        return _memory(match, size, text, address, symbols, signed=signed)
    raise OperandError(f"{text} is an operand of a kind that cannot be read")


def _memory(match: re.Match[str], size: int, text: str, address: int, symbols: Symbols, *, signed: bool) -> Operand:
    displacement, base, index, scale = match.groups()
    number = _displacement(displacement, text, symbols)
    if base == "rip":
        if not _SYMBOL.fullmatch(displacement):
            raise OperandError(f"{text} names no symbol; where it is cannot be told")
        # Addresses are those of linking, but the distance from the instruction holds wherever the file is loaded.
        number -= address
    base_place = _register(base, text)[0] if base else NO_REGISTER
    index_place = _register(index, text)[0] if index else NO_REGISTER
    return Operand(size, signed, number, base_place, index_place, int(scale or 1), load=True)


def _displacement(displacement: str, text: str, symbols: Symbols) -> int:
    try:
        return int(displacement or "0", 0)
    except ValueError:
        match = _SYMBOL.fullmatch(displacement)
    found = symbols(match[2]) if match else None
    if match is None or found is None:
        raise OperandError(f"{text} needs a symbol that the file no longer has; it is stripped")
    return found + int(match[1] or 0) + int(match[3] or 0)


def _register(name: str, text: str) -> tuple[int, int]:
    """Its place, and 1 for the second byte of it (ah, bh, ch, dh)."""
    if re.fullmatch(r"[abcd]h", name):
        return _PLACES[f"r{name[0]}x"], 1
    whole = _whole(name)
    if whole not in _PLACES:
        raise OperandError(f"{text} is in a register that cannot be read")
    return _PLACES[whole], 0


def _whole(name: str) -> str:
    """The 64-bit register that one is a part of."""
    if match := re.fullmatch(r"(r\d+)[dwb]?", name):
        return match[1]
    if match := re.fullmatch(r"[re]?([abcd])[xl]", name):
        return f"r{match[1]}x"
    match = re.fullmatch(r"[re]?(si|di|bp|sp|ip)l?", name)
    return f"r{match[1]}" if match else name
