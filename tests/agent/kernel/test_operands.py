"""Operands in the assembler's words. Places are those of struct pt_regs, arch/x86/include/asm/ptrace.h."""

from __future__ import annotations

import struct

import pytest

from agent.kernel.operands import (
    NO_REGISTER,
    NOTHING,
    Operand,
    OperandError,
    call_argument,
    parse_operand,
    returned_value,
)

ADDRESS = 0x1000
RAX, RBX, RCX, RSI, RDI, RBP, RIP, RSP, R11 = 80, 40, 88, 104, 112, 32, 128, 152, 48


def symbols(name: str) -> int | None:
    return {"table": 0x4000}.get(name)


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ("-4@%eax", Operand(4, signed=True, base=RAX)),
        ("8@%rdi", Operand(8, signed=False, base=RDI)),
        ("1@%ah", Operand(1, signed=False, base=RAX, lowest=1)),
        ("-1@%dil", Operand(1, signed=True, base=RDI)),
        ("2@%r11w", Operand(2, signed=False, base=R11)),
        ("-2@%si", Operand(2, signed=True, base=RSI)),
        ("-8@$-5", Operand(8, signed=True, number=-5)),
        ("4@$0x10", Operand(4, signed=False, number=16)),
        ("8@-8(%rbp)", Operand(8, signed=False, number=-8, base=RBP, load=True)),
        ("2@(%rdi)", Operand(2, signed=False, base=RDI, load=True)),
        ("-4@8(%rax,%rbx,4)", Operand(4, signed=True, number=8, base=RAX, index=RBX, scale=4, load=True)),
        ("4@-20(,%rcx,8)", Operand(4, signed=False, number=-20, index=RCX, scale=8, load=True)),
        ("8@(%rax,%rcx)", Operand(8, signed=False, base=RAX, index=RCX, load=True)),
        ("-4@table(%rip)", Operand(4, signed=True, number=0x4000 - ADDRESS, base=RIP, load=True)),
        ("4@table+8(%rip)", Operand(4, signed=False, number=0x4008 - ADDRESS, base=RIP, load=True)),
        ("4@8+table(%rip)", Operand(4, signed=False, number=0x4008 - ADDRESS, base=RIP, load=True)),
    ],
)
def test_an_operand_becomes_numbers(text: str, operand: Operand) -> None:
    assert parse_operand(text, ADDRESS, symbols) == operand


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8f@%xmm0", "is a floating-point number"),
        ("16@%rax", "has 16 bytes"),
        ("4@gone(%rip)", "needs a symbol that the file no longer has; it is stripped"),
        ("4@16(%rip)", "names no symbol"),
        ("8@%xmm1", "is in a register that cannot be read"),
        ("8@%fs:0(%rax)", "of a kind that cannot be read"),
        ("8@$(5)", "of a kind that cannot be read"),
        ("8@", "of a kind that cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(OperandError, match=message):
        parse_operand(text, ADDRESS, symbols)


def test_the_calling_convention() -> None:
    assert [call_argument(n, 8, signed=False).base for n in range(1, 7)] == [RDI, RSI, 96, RCX, 72, 64]
    seventh = call_argument(7, 4, signed=True)
    assert (seventh.number, seventh.base, seventh.load) == (8, RSP, True)
    assert returned_value(8, signed=True).base == RAX


def test_the_program_gets_it_in_sixteen_bytes() -> None:
    packed = parse_operand("-2@-8(%rax,%rbx,4)", ADDRESS, symbols).packed()
    assert struct.unpack("=qBBBBBBH", packed) == (-8, RAX, RBX, 2, 2, 48, 1, 0)
    assert struct.unpack("=qBBBBBBH", NOTHING.packed()) == (0, NO_REGISTER, NO_REGISTER, 0, 0, 0, 0, 0)
    assert struct.unpack_from("=q", parse_operand("8@$18446744073709551615", 0, symbols).packed())[0] == -1
