"""What a run loaded, for people to look at: the C as compiled, each function's bytecode, and why it was refused."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agent.runner.compiler import AttachError, Compiled
from bpf.program import Program
from proto import listing
from proto.v1 import stream_pb2, tool_pb2

# struct bpf_insn of linux/bpf.h
INSTRUCTION = np.dtype([("opcode", "u1"), ("registers", "u1"), ("offset", "<i2"), ("immediate", "<i4")])
LOAD_MAP = (0x18, 1)  # opcode BPF_LD | BPF_IMM | BPF_DW with source register BPF_PSEUDO_MAP_FD


@dataclass(slots=True)
class Loaded:
    """Taken while the compiler still holds it, sent when nobody waits for the first row any more."""

    program: Program
    maps: dict[int, str]
    functions: list[stream_pb2.ListedFunction] = field(default_factory=list)

    @classmethod
    def of(cls, program: Program, compiled: Compiled) -> Loaded:
        return cls(program, compiled.map_names())

    def add(self, name: str, kind: tool_pb2.ProbeType, code: bytes) -> None:
        """The same program is the same bytes on every host: descriptors become places in the list of maps."""
        places = {descriptor: place for place, descriptor in enumerate(self.maps)}
        instructions = np.frombuffer(code, INSTRUCTION).copy()
        opcode, source = LOAD_MAP
        for at in np.flatnonzero((instructions["opcode"] == opcode) & (instructions["registers"] >> 4 == source)):
            instructions["immediate"][at] = places[int(instructions["immediate"][at])]
        self.functions.append(stream_pb2.ListedFunction(name=name, type=kind, code=instructions.tobytes()))

    def packed(self) -> bytes:
        return _packed(
            stream_pb2.Listing(
                source=self.program.text,
                switches=self.program.cflags,
                functions=self.functions,
                maps=self.maps.values(),
            )
        )


def refused(error: BaseException) -> bytes:
    """The listing of what could not be attached; empty when it had not come to a program yet."""
    if not isinstance(error, AttachError) or error.program is None:
        return b""
    log = error.log if len(error.log) <= listing.LOG_MAX else f"[cut: the first part]\n{error.log[-listing.LOG_MAX :]}"
    return _packed(stream_pb2.Listing(source=error.program.text, switches=error.program.cflags, log=log or str(error)))


def _packed(made: stream_pb2.Listing) -> bytes:
    """Without bytecode where that does not fit: the C text always does."""
    try:
        return listing.pack(made)
    except listing.ListingError:
        made.ClearField("functions")
        return listing.pack(made)
