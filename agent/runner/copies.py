"""A program of its own for each function, on kernels that cannot tell a program which function it is on.

Linux 5.15 has bpf_get_attach_cookie for that (kernel/trace/bpf_trace.c). Before, each function gets a copy of the
program in which the call is replaced by what it would give.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from agent.runner.compiler import NO_COOKIE, AttachError, Compiled

# The warden gets a descriptor of each program, and no more than it can take in one message.
MAX_FUNCTIONS = 64
_WORD = 8
# Of uapi/linux/bpf.h: BPF_JMP | BPF_CALL and BPF_ALU64 | BPF_MOV | BPF_K, both on register 0.
_CALL_COOKIE = struct.pack("<BBhi", 0x85, 0, 0, 174)
_MOVE = 0xB7

Copy = Callable[[int], int]


def load(compiled: Compiled, function: str, kind: int) -> tuple[int, Copy | None]:
    """The program, for every function or, where something to make copies with comes along, for the first one.
    Raises AttachError."""
    try:
        return compiled.load(function, kind), None
    except AttachError as error:
        if NO_COOKIE not in error.log:
            raise

    def copy(cookie: int) -> int:
        return compiled.load_code(function, kind, with_answer(compiled.instructions(function), cookie))

    return copy(0), copy


def with_answer(code: bytes, cookie: int) -> bytes:
    answer = struct.pack("<BBhi", _MOVE, 0, 0, cookie)
    words = (code[start : start + _WORD] for start in range(0, len(code), _WORD))
    return b"".join(answer if word == _CALL_COOKIE else word for word in words)
