"""What a tracepoint's print format calls the values of its fields: the tables of ``__print_symbolic`` and
``__print_flags``.

Best effort: what is not plainly a table of numbers and names is left out, and the number is shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SYMBOLS = 256
_CALL = re.compile(r"__print_(symbolic|flags)(?:64|_u64)?\(")
_FIELD = re.compile(r"REC->([A-Za-z_]\w*)")
_PAIR = re.compile(r'\{\s*([^{}",]+?)\s*,\s*"([^"\\]{1,64})"\s*\}')
_SUFFIX = re.compile(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b")
_CAST = re.compile(r"\((?:unsigned |signed )?(?:int|long|long long|u64|u32|__u64|__u32|gfp_t)\)")
_ARITHMETIC = re.compile(r"[0-9a-fA-FxX<>|+\-~() ]{1,200}")


@dataclass(frozen=True, slots=True)
class Symbols:
    """``flags``: the values are bits or groups of them."""

    names: tuple[tuple[int, str], ...] = ()
    flags: bool = False


def symbols_of(print_format: str) -> dict[str, Symbols]:
    """By field."""
    found: dict[str, Symbols] = {}
    for match in _CALL.finditer(print_format):
        arguments = _until_closed(print_format, match.end())
        subject = arguments.split(",", 1)[0]
        fields = set(_FIELD.findall(subject))
        names = tuple(_names(arguments))[:MAX_SYMBOLS]
        if len(fields) == 1 and names:
            found.setdefault(fields.pop(), Symbols(names, match[1] == "flags"))
    return found


def _until_closed(text: str, start: int) -> str:
    depth = 1
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[start:at]
    return ""


def _names(arguments: str) -> Iterator[tuple[int, str]]:
    for expression, name in _PAIR.findall(arguments):
        value = _value(expression)
        if value is not None and name.isprintable():
            yield value, name


def _value(expression: str) -> int | None:
    """Of an expression of numbers alone; None for anything else."""
    plain = _CAST.sub("", _SUFFIX.sub(r"\1", expression))
    if not _ARITHMETIC.fullmatch(plain):
        return None
    try:
        value = _evaluate(ast.parse(plain.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return value if -(2**63) <= value < 2**64 else None


def _evaluate(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return ~_evaluate(operand)
        case ast.BinOp(left=left, op=ast.LShift(), right=right) if 0 <= (shift := _evaluate(right)) < 64:
            return _evaluate(left) << shift
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _evaluate(left) | _evaluate(right)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _evaluate(left) + _evaluate(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _evaluate(left) - _evaluate(right)
    raise ValueError(f"not arithmetic: {type(node).__name__}")
