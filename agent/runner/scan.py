"""What a compiled program would do, read from its instructions before the kernel gets it: struct bpf_insn of
uapi/linux/bpf.h, one after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# Numbers of uapi/linux/bpf.h's ___BPF_FUNC_MAPPER. What they do to a traced process is more than looking.
ACTING = {
    36: "bpf_probe_write_user",
    58: "bpf_override_return",
    109: "bpf_send_signal",
    117: "bpf_send_signal_thread",
}
_INSTRUCTION = struct.Struct("<BBhi")
_CALL = 0x85
_KERNEL_FUNCTION = 2  # BPF_PSEUDO_KFUNC_CALL: any function that the kernel offers, some of which act too
_MOVE, _ADD = 0xBF, 0x07
_LOAD, _STORE_VALUE, _STORE = 1, 2, 3
_FRAME = 10


@dataclass(frozen=True, slots=True)
class Instruction:
    code: int
    target: int
    source: int
    offset: int
    value: int


def acting_call(code: bytes) -> str:
    """What the program calls that would change what it looks at; empty: nothing."""
    for one in _instructions(code):
        if one.code == _CALL and one.source == _KERNEL_FUNCTION:
            return "a function of the kernel that is no helper"
        if one.code == _CALL and one.source == 0 and one.value in ACTING:
            return ACTING[one.value]
    return ""


def stack_bytes(code: bytes) -> int:
    """How deep its frame is: the lowest place that is read, written or pointed to."""
    lowest, before = 0, Instruction(0, 0, 0, 0, 0)
    for one in _instructions(code):
        kind = one.code & 7
        if (kind == _LOAD and one.source == _FRAME) or (kind in (_STORE_VALUE, _STORE) and one.target == _FRAME):
            lowest = min(lowest, one.offset)
        pointer = before.code == _MOVE and before.source == _FRAME and before.target == one.target
        if pointer and one.code == _ADD:
            lowest = min(lowest, one.value)
        before = one
    return -lowest


def _instructions(code: bytes) -> Iterator[Instruction]:
    for number, registers, offset, value in _INSTRUCTION.iter_unpack(code):
        yield Instruction(number, registers & 15, registers >> 4, offset, value)
