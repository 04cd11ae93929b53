"""BPF instructions as text, one a line (RFC 9669; helper numbers from include/uapi/linux/bpf.h)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

INSTRUCTION_BYTES = 8
_INSTRUCTION = struct.Struct("<BBhi")
_WIDE = 0x18  # BPF_LD | BPF_IMM | BPF_DW: takes two instructions
_SIZES = {0x00: "u32", 0x08: "u16", 0x10: "u8", 0x18: "u64"}
_ARITHMETIC = {
    0x00: "+=", 0x10: "-=", 0x20: "*=", 0x30: "/=", 0x40: "|=", 0x50: "&=", 0x60: "<<=", 0x70: ">>=", 0x90: "%=",
    0xA0: "^=", 0xB0: "=", 0xC0: "s>>=",
}  # fmt: skip
_JUMPS = {
    0x10: "==", 0x20: ">", 0x30: ">=", 0x40: "&", 0x50: "!=", 0x60: "s>", 0x70: "s>=", 0xA0: "<", 0xB0: "<=",
    0xC0: "s<", 0xD0: "s<=",
}  # fmt: skip
_ATOMIC = {0x00: "+=", 0x40: "|=", 0x50: "&=", 0xA0: "^="}
_HELPERS = {
    1: "map_lookup_elem", 2: "map_update_elem", 3: "map_delete_elem", 4: "probe_read", 5: "ktime_get_ns",
    8: "get_smp_processor_id", 14: "get_current_pid_tgid", 15: "get_current_uid_gid", 16: "get_current_comm",
    25: "perf_event_output", 27: "get_stackid", 35: "get_current_task", 45: "probe_read_str",
    80: "get_current_cgroup_id", 112: "probe_read_user", 113: "probe_read_kernel", 114: "probe_read_user_str",
    115: "probe_read_kernel_str", 123: "get_current_ancestor_cgroup_id", 125: "ktime_get_boot_ns",
    130: "ringbuf_output", 131: "ringbuf_reserve", 132: "ringbuf_submit", 133: "ringbuf_discard",
    134: "ringbuf_query", 174: "get_attach_cookie", 181: "loop",
}  # fmt: skip


def disassemble(code: bytes, maps: Sequence[str]) -> str:
    """What is no instruction is shown as its bytes."""
    return "\n".join(_lines(code, maps))


def _lines(code: bytes, maps: Sequence[str]) -> Iterator[str]:
    whole = len(code) - len(code) % _INSTRUCTION.size
    instructions = list(_INSTRUCTION.iter_unpack(code[:whole]))
    upper = False
    for number, (opcode, registers, offset, immediate) in enumerate(instructions):
        if upper:
            text, upper = "", False
        elif opcode == _WIDE and number + 1 < len(instructions):
            text, upper = _wide(registers, immediate, instructions[number + 1][3], maps), True
        else:
            text = _one(opcode, registers & 15, registers >> 4, offset, immediate, number)
        yield f"{number:4}: ({opcode:02x}) {text}".rstrip()
    if whole < len(code):
        yield f"      {code[whole:].hex(' ')}"


def _wide(registers: int, low: int, high: int, maps: Sequence[str]) -> str:
    target, source = registers & 15, registers >> 4
    if source == 1:
        return f"r{target} = <map {maps[low] if 0 <= low < len(maps) else low}>"
    return f"r{target} = {(high & 0xFFFFFFFF) << 32 | low & 0xFFFFFFFF:#x}"


def _one(opcode: int, target: int, source: int, offset: int, immediate: int, number: int) -> str:
    match opcode & 7:
        case 1:
            return f"r{target} = *({_SIZES[opcode & 0x18]} *)(r{source} {offset:+})"
        case 2:
            return f"*({_SIZES[opcode & 0x18]} *)(r{target} {offset:+}) = {immediate}"
        case 3:
            return _store(opcode, target, source, offset, immediate)
        case 4 | 7:
            return _compute(opcode, target, source, immediate)
        case 5 | 6:
            return _jump(opcode, target, source, offset, immediate, number)
    return f"unknown, registers {target} {source}, offset {offset}, immediate {immediate}"


def _store(opcode: int, target: int, source: int, offset: int, immediate: int) -> str:
    place = f"*({_SIZES[opcode & 0x18]} *)(r{target} {offset:+})"
    if opcode & 0xE0 == 0xC0:
        return f"atomic {place} {_ATOMIC.get(immediate & 0xF0, 'op')} r{source}"
    return f"{place} = r{source}"


def _compute(opcode: int, target: int, source: int, immediate: int) -> str:
    letter, operation = "r" if opcode & 7 == 7 else "w", opcode & 0xF0
    if operation == 0x80:
        return f"{letter}{target} = -{letter}{target}"
    if operation == 0xD0:
        return f"r{target} = {'be' if opcode & 8 else 'le'}{immediate} r{target}"
    value = f"{letter}{source}" if opcode & 8 else str(immediate)
    return f"{letter}{target} {_ARITHMETIC.get(operation, '?=')} {value}"


def _jump(opcode: int, target: int, source: int, offset: int, immediate: int, number: int) -> str:
    operation, goal = opcode & 0xF0, number + offset + 1
    if operation == 0x80:
        called = f"pc{immediate:+}" if source else _HELPERS.get(immediate, f"helper {immediate}")
        return f"call {called}"
    if operation in (0x00, 0x90):
        return "exit" if operation else f"goto {goal}"
    letter = "r" if opcode & 7 == 5 else "w"
    value = f"{letter}{source}" if opcode & 8 else str(immediate)
    return f"if {letter}{target} {_JUMPS.get(operation, '?')} {value} goto {goal}"
